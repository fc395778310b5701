// What stands behind the subject: the room as it is, blurred, a colour, an upload.

import { headers } from "./access.js";
import { find, icon, make } from "./elements.js";
import { tab } from "./memory.js";
import { thumbnail } from "./thumbnail.js";
import { answer } from "./words.js";

/** The panel of backgrounds. `send` takes a message, `fail` a sentence, `say` a remark. */
export class Background {
  #panel = find("background-panel");
  #colour = find("background-colour");
  #file = find("upload");
  #progress = find("upload-progress");
  #list = find("uploads");
  #limits = { upload_bytes: 0, uploads: 0 };
  #session = "";
  #uploads = [];
  #chosen = { kind: "none", value: null };

  constructor({ send, fail, say }) {
    Object.assign(this, { send, fail, say });
    find("background-kinds").addEventListener("change", (event) => this.#pick(event.target.value));
    this.#list.addEventListener("change", (event) => {
      send({ type: "background", kind: "upload", value: event.target.dataset.upload });
    });
    this.#colour.addEventListener("input", () => this.#sendColour());
    this.#file.addEventListener("change", () => this.#take(this.#file.files));
    const drop = this.#panel;
    drop.addEventListener("dragover", (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
    drop.addEventListener("dragleave", () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("over");
      this.#take(event.dataTransfer.files);
    });
  }

  /** Begin with a session: its limits, and its uploads where it is one we know. */
  begin({ session, resumed, limits }) {
    this.#session = session;
    this.#limits = limits;
    const kept = tab.get("uploads");
    this.#uploads = resumed && kept?.session === session ? kept.files : [];
    this.#draw();
    const most = Math.floor(limits.upload_bytes / 2 ** 20);
    find("upload-hint").textContent = `Or drop a file here. At most ${most} MB each; the last ${limits.uploads} are kept.`;
  }

  /** Show the panel for a preset that has a background, hide it for one that has none. */
  preset({ inputs, background }) {
    this.#panel.hidden = !inputs.includes("background");
    if (background) this.show(background);
  }

  /** Show which background the server has. */
  show({ kind, value }) {
    this.#chosen = { kind, value };
    if (kind === "colour" && value) this.#colour.value = value;
    find("colour-row").hidden = kind !== "colour";
    for (const radio of this.#panel.querySelectorAll("input[name=background]")) {
      const { upload } = radio.dataset;
      radio.checked = kind === "upload" ? upload !== undefined && upload === value : radio.value === kind;
    }
  }

  /** Show again what the server has: it refused the last choice. */
  refuse() {
    this.show(this.#chosen);
  }

  /** Ask for the same background again, in a session that does not know it. */
  again() {
    const { kind, value } = this.#chosen;
    if (kind === "upload") return null;
    return { type: "background", kind, ...(value === null ? {} : { value }) };
  }

  #pick(kind) {
    find("colour-row").hidden = kind !== "colour";
    if (kind === "colour") this.#sendColour();
    else this.send({ type: "background", kind });
  }

  #sendColour() {
    this.send({ type: "background", kind: "colour", value: this.#colour.value });
  }

  async #take(files) {
    const file = files[0];
    this.#file.disabled = true;
    try {
      if (file) await this.#upload(file);
    } finally {
      this.#file.value = "";
      this.#file.disabled = false;
      this.#progress.hidden = true;
    }
  }

  async #upload(file) {
    const most = this.#limits.upload_bytes;
    if (most && file.size > most) {
      this.fail(`${file.name} is too large: at most ${Math.floor(most / 2 ** 20)} MB.`);
      return;
    }
    this.say(`Uploading ${file.name}.`);
    const { status, body } = await this.#post(file);
    if (status !== 201) {
      this.fail(`${file.name}: ${answer(status, body.error)}`);
      return;
    }
    this.say(`${file.name} is there.`);
    const picture = await thumbnail(file, body.kind);
    this.#makeRoom();
    this.#uploads.push({ id: body.id, kind: body.kind, name: file.name, picture });
    tab.set("uploads", { session: this.#session, files: this.#uploads });
    this.#draw();
    this.send({ type: "background", kind: "upload", value: body.id });
  }

  /** Forget what the server has let go of for another file: the oldest that is not shown. */
  #makeRoom() {
    if (this.#uploads.length < this.#limits.uploads) return;
    const { kind, value } = this.#chosen;
    const oldest = this.#uploads.findIndex(({ id }) => kind !== "upload" || id !== value);
    this.#uploads.splice(oldest, 1);
  }

  #post(file) {
    const request = new XMLHttpRequest();
    request.open("POST", `/sessions/${this.#session}/backgrounds`);
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    this.#progress.value = 0;
    this.#progress.hidden = false;
    request.upload.onprogress = ({ loaded, total }) => (this.#progress.value = loaded / total);
    return new Promise((resolve) => {
      request.onload = () => resolve({ status: request.status, body: parsed(request.responseText) });
      request.onerror = () => resolve({ status: 0, body: {} });
      request.send(file);
    });
  }

  #draw() {
    this.#list.hidden = this.#uploads.length === 0;
    this.#list.replaceChildren(
      this.#list.querySelector("legend"),
      ...this.#uploads.map(({ id, kind, name, picture }) => {
        const radio = make("input", { type: "radio", name: "background", value: "upload" });
        radio.dataset.upload = id;
        radio.checked = this.#chosen.kind === "upload" && this.#chosen.value === id;
        const sample = picture ? make("img", { src: picture, alt: "" }) : icon(kind === "video" ? "film" : "room");
        const words = make("span", {}, name);
        return make("label", { className: "card upload", title: name }, radio, sample, words);
      }),
    );
  }
}

function parsed(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
