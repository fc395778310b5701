// Controls for every parameter that may change while the graph runs.

import { find, make } from "./elements.js";
import { makeField } from "./field.js";

/** The panel of controls. `send` takes a message for the server. */
export class Controls {
  #panel = find("controls-panel");
  #place = find("controls");
  #fields = new Map();
  #taken = new Map();
  #asked = null;

  constructor(send) {
    this.send = send;
  }

  /** Show the nodes of a preset with the values they have. */
  show(nodes) {
    this.#fields.clear();
    this.#taken.clear();
    const groups = nodes.map((node) => this.#group(node)).filter(Boolean);
    this.#place.replaceChildren(...groups);
    this.#panel.hidden = groups.length === 0;
  }

  /** Note a value that the server took. */
  take({ node, param, value }) {
    this.#taken.set(`${node}.${param}`, value);
    this.#fields.get(`${node}.${param}`)?.take(value);
  }

  /** Take the last change back: the server refused it. */
  refuse() {
    const key = this.#asked;
    if (key !== null && this.#taken.has(key)) this.#fields.get(key)?.show(this.#taken.get(key));
  }

  /** Return what the user set since the preset was shown, as messages. */
  changes() {
    return [...this.#fields]
      .filter(([, field]) => field.touched)
      .map(([key, field]) => ({ ...field.where, type: "set", value: this.#taken.get(key) }));
  }

  #group({ id, use, title, schema, values }) {
    const properties = Object.entries(schema.properties ?? {});
    if (properties.length === 0) return null;
    const fields = properties.map(([param, property]) => {
      const key = `${id}.${param}`;
      const field = makeField(param, property, schema.$defs, (value) => {
        this.#asked = key;
        field.touched = true;
        this.send({ type: "set", node: id, param, value });
      });
      const value = param in values ? values[param] : property.default;
      field.where = { node: id, param };
      field.touched = false;
      field.show(value);
      this.#fields.set(key, field);
      this.#taken.set(key, value);
      return field;
    });
    const reset = make("button", { type: "button", className: "plain small" }, "Reset");
    reset.setAttribute("aria-label", `Reset ${id}`);
    reset.addEventListener("click", () => fields.forEach((field) => field.reset()));
    return make(
      "fieldset",
      { className: "node" },
      make("legend", { title: use }, id),
      reset,
      ...(title ? [make("p", { className: "hint about" }, title)] : []),
      ...fields.map((field) => field.element),
    );
  }
}
