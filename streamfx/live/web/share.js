// Where others watch the result, and where the server sends it on to.

import { find } from "./elements.js";
import { sentence } from "./words.js";

const STATES = {
  connecting: "Connecting…",
  live: "Being sent.",
  lost: "Lost; the server tries again.",
  stopped: "Ended.",
};

/** The panel. `send` takes a message, `say` a remark for screen readers. */
export class Share {
  #address = find("push");
  #state = find("push-state");

  constructor({ send, say }) {
    find("push-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const url = this.#address.value.trim();
      if (url) send({ type: "push", url });
    });
    find("push-stop").addEventListener("click", () => send({ type: "stop-push" }));
    find("watch-copy").addEventListener("click", async () => {
      find("watch").select();
      await navigator.clipboard?.writeText(find("watch").value).catch(() => {});
      say("The address is copied.");
    });
  }

  /** Begin with a session. */
  begin({ stream }) {
    find("share-panel").hidden = false;
    find("watch").value = `${location.origin}/whep/${encodeURIComponent(stream)}`;
    this.#state.textContent = "";
    this.#running(false);
  }

  /** No session: nothing can be watched. */
  end() {
    find("share-panel").hidden = true;
  }

  /** Show how the push goes. */
  show({ state, why }) {
    const words = STATES[state] ?? "It failed.";
    this.#state.textContent = why ? `${words} ${sentence(why)}` : words;
    this.#running(["connecting", "live", "lost"].includes(state));
  }

  #running(on) {
    find("push-start").hidden = on;
    find("push-stop").hidden = !on;
    this.#address.disabled = on;
  }
}
