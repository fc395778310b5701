// Record the session on the server, and fetch what was recorded.

import { find, make, press, pressed } from "./elements.js";
import { sentence } from "./words.js";

/** The button and the list. `send` takes a message, `fail` a sentence, `say` a remark. */
export class Recording {
  #button = find("record");
  #session = "";
  #whole = [];

  constructor({ send, fail, say }) {
    Object.assign(this, { send, fail, say });
    this.#button.addEventListener("click", () => {
      this.#button.disabled = true;
      send({ type: "record", on: !pressed(this.#button) });
    });
  }

  /** Begin with a session; `allowed` says whether the server records at all. */
  begin({ session, record }) {
    this.#session = session;
    this.#button.disabled = !record;
    this.#button.title = record ? "" : "This server keeps no recordings.";
    find("recordings-panel").hidden = !record;
    press(this.#button, false);
    this.#whole = [];
    this.#list(false);
  }

  /** No session: nothing can be recorded. */
  end() {
    this.#button.disabled = true;
    press(this.#button, false);
  }

  /** Show what the server does, and which files there are. */
  show({ on, files, why }) {
    const was = pressed(this.#button);
    press(this.#button, on);
    this.#button.disabled = false;
    if (on !== was) this.say(on ? "Recording." : "The recording has ended.");
    if (why) this.fail(sentence(why));
    if (!on) this.#whole = files;
    this.#list(on);
  }

  /** The server refused: the button is free again. */
  refuse() {
    this.#button.disabled = false;
  }

  #list(on) {
    const hint = find("recordings-hint");
    hint.hidden = this.#whole.length > 0 && !on;
    hint.textContent = on ? "Recording. The files come when it ends." : "Nothing recorded yet.";
    if (this.#whole.length > 0) find("recordings-panel").open = true;
    find("recordings").replaceChildren(...this.#whole.map((file) => this.#entry(file)));
  }

  #entry({ name, kind, bytes, seconds }) {
    const address = `/sessions/${this.#session}/recordings/${encodeURIComponent(name)}`;
    const link = make("a", { className: "button", href: address, download: name }, "Download");
    link.setAttribute("aria-label", `Download ${name}`);
    const length = Number.isFinite(seconds) ? `${seconds.toFixed(1)} s, ` : "";
    return make(
      "li",
      {},
      make("span", { className: "name" }, name),
      make("small", {}, `${kind}, ${length}${size(bytes)}`),
      link,
    );
  }
}

function size(bytes) {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
