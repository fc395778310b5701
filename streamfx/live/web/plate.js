// Take a clean plate: count down while the user steps out of the picture, then ask for it.

import { find } from "./elements.js";
import { sentence } from "./words.js";

/** The panel of the clean plate. `send` takes a message, `say` a remark for screen readers. */
export class Plate {
  #button = find("plate");
  #state = find("plate-state");
  #count = find("count");
  #left = 0;
  #timer = 0;

  constructor({ send, say }) {
    Object.assign(this, { send, say });
    this.#button.addEventListener("click", () => (this.#timer ? this.cancel() : this.#begin()));
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.cancel());
  }

  /** Show the panel for a preset that needs a plate. */
  preset({ inputs, plate }) {
    find("plate-panel").hidden = !inputs.includes("plate");
    this.#state.textContent = plate ? "There is a plate." : "There is no plate yet.";
    this.#button.disabled = false;
  }

  /** Show how far the server has come with it. */
  show({ state, why }) {
    this.#button.disabled = state === "taking";
    const words = { taking: "Taking the plate…", taken: "The plate is taken. Come back in." };
    this.#state.textContent = words[state] ?? `No plate: ${sentence(why)}`;
  }

  /** Stop counting. */
  cancel() {
    if (!this.#timer) return;
    this.#end();
    this.#state.textContent = "Cancelled.";
  }

  #begin() {
    this.#left = Number(find("plate-delay").value);
    if (this.#left > 0) {
      this.#button.textContent = "Cancel";
      this.say(`Step out of the picture: the plate is taken in ${this.#left} seconds.`);
    }
    this.#tick();
  }

  #tick() {
    if (this.#left === 0) {
      this.#end();
      this.send({ type: "plate" });
      return;
    }
    this.#count.textContent = this.#left;
    this.#count.hidden = false;
    this.#state.textContent = `Step out of the picture: ${this.#left} s.`;
    this.#left -= 1;
    this.#timer = setTimeout(() => this.#tick(), 1000);
  }

  #end() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#count.hidden = true;
    this.#button.textContent = "Take clean plate";
  }
}
