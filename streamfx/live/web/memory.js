// What outlives a reload: the tab's session, and the choices of this browser.

/** A storage that goes on without one where the browser forbids it. */
class Memory {
  #place;
  #spare = new Map();

  constructor(place) {
    this.#place = place;
  }

  /** Return what was kept under a name, or null. */
  get(name) {
    try {
      const text = this.#place()?.getItem(`streamfx.${name}`);
      if (text !== null && text !== undefined) return JSON.parse(text);
    } catch {
      // forbidden, or not ours: as if it were empty
    }
    return this.#spare.get(name) ?? null;
  }

  /** Keep a value; null forgets it. */
  set(name, value) {
    if (value === null) this.#spare.delete(name);
    else this.#spare.set(name, value);
    try {
      if (value === null) this.#place()?.removeItem(`streamfx.${name}`);
      else this.#place()?.setItem(`streamfx.${name}`, JSON.stringify(value));
    } catch {
      // forbidden or full: it is kept as long as the page is
    }
  }
}

/** Of this tab, gone when it closes: tokens and what a reload comes back to. */
export const tab = new Memory(() => globalThis.sessionStorage);

/** Of this browser: devices and habits. */
export const browser = new Memory(() => globalThis.localStorage);
