// One parameter of a node as a labelled control, made from its JSON schema.

import { make } from "./elements.js";

const REST = 60;
const SETTLE = 500;
let made = 0;

/**
 * Make a control. `change` gets each new value, at most one every 60 ms while it is dragged.
 * Returns `{element, show(value), take(value), reset()}`: `show` sets the value, `take` notes what
 * the server took and shows it once the user has let go.
 */
export function makeField(name, schema, definitions, change) {
  const plain = resolve(schema, definitions);
  const id = `field-${++made}`;
  const control = choose(plain, name)(plain, id);
  const echo = new Echo(control, change);
  control.listen((value) => echo.moved(value));
  const element = make("div", { className: `field ${control.kind}` });
  const label = make("label", { htmlFor: id }, caption(plain, name));
  if (control.kind === "switch") element.append(...control.parts, label);
  else element.append(label, ...control.parts);
  if (plain.description) {
    element.append(make("p", { className: "hint", id: `${id}-help` }, plain.description));
    for (const part of control.inputs) part.setAttribute("aria-describedby", `${id}-help`);
  }
  return {
    element,
    show: (value) => echo.show(value),
    take: (value) => echo.take(value),
    reset: () => "default" in plain && echo.set(plain.default),
  };
}

function caption({ title, unit }, name) {
  const words = title ?? name;
  const known = !unit || unit === "share" || unit.toLowerCase() === words.toLowerCase();
  return known ? words : `${words} (${unit})`;
}

/** Sends what the user moves, sparingly, and keeps the server's echo from tearing at the handle. */
class Echo {
  #timer = 0;
  #settle = 0;
  #sent = 0;
  #moved = -Infinity;

  constructor(control, change) {
    this.control = control;
    this.change = change;
  }

  moved(value) {
    this.#moved = performance.now();
    clearTimeout(this.#timer);
    const wait = Math.max(0, this.#sent + REST - performance.now());
    this.#timer = setTimeout(() => {
      this.#sent = performance.now();
      this.change(value);
    }, wait);
  }

  set(value) {
    this.control.show(value);
    this.moved(value);
  }

  show(value) {
    clearTimeout(this.#settle);
    this.control.show(value);
  }

  take(value) {
    clearTimeout(this.#settle);
    const wait = Math.max(0, this.#moved + SETTLE - performance.now());
    this.#settle = setTimeout(() => this.control.show(value), wait);
  }
}

function resolve(schema, definitions = {}) {
  if (schema.$ref) {
    const { $ref, ...own } = schema;
    return { ...resolve(definitions[$ref.split("/").pop()] ?? {}, definitions), ...own };
  }
  const branches = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (!branches) return schema;
  const branch = branches.find((each) => each.type !== "null") ?? {};
  return { ...resolve(branch, definitions), ...schema };
}

function choose(schema, name) {
  if (schema.enum) return choice;
  if (schema.type === "boolean") return tick;
  if (schema.type === "number" || schema.type === "integer") return number;
  if (schema.format === "color" || /colou?r$/i.test(name)) return colour;
  return text;
}

function choice(schema, id) {
  const options = schema.enum.map((each) => make("option", { value: JSON.stringify(each) }, `${each}`));
  const select = make("select", { id }, ...options);
  return {
    kind: "choice",
    parts: [select],
    inputs: [select],
    show: (value) => (select.value = JSON.stringify(value)),
    listen: (moved) => select.addEventListener("change", () => moved(JSON.parse(select.value))),
  };
}

function tick(schema, id) {
  const box = make("input", { type: "checkbox", id, role: "switch" });
  return {
    kind: "switch",
    parts: [box],
    inputs: [box],
    show: (value) => (box.checked = Boolean(value)),
    listen: (moved) => box.addEventListener("change", () => moved(box.checked)),
  };
}

function number(schema, id) {
  const low = schema.minimum ?? schema.exclusiveMinimum;
  const high = schema.maximum ?? schema.exclusiveMaximum;
  const step = schema.type === "integer" ? 1 : fineness(low, high);
  const bounds = { min: low, max: high, step: schema.type === "integer" ? 1 : "any" };
  const slides = low !== undefined && high !== undefined;
  const exact = make("input", { type: "number", inputMode: "decimal", ...bounds });
  const slider = make("input", { type: "range", ...bounds, step });
  if (slides) {
    slider.id = id;
    exact.setAttribute("aria-label", `${schema.title ?? ""}, exact`);
  } else {
    exact.id = id;
  }
  const inputs = slides ? [slider, exact] : [exact];
  const show = (value) => {
    slider.value = value;
    exact.value = short(value, step);
  };
  return {
    kind: slides ? "slide" : "exact",
    parts: [make("div", { className: "pair" }, ...inputs)],
    inputs,
    show,
    listen: (moved) => {
      slider.addEventListener("input", () => {
        exact.value = short(slider.valueAsNumber, step);
        moved(slider.valueAsNumber);
      });
      exact.addEventListener("change", () => {
        if (Number.isNaN(exact.valueAsNumber)) return;
        slider.value = exact.valueAsNumber;
        moved(exact.valueAsNumber);
      });
    },
  };
}

function fineness(low, high) {
  if (low === undefined || high === undefined || high <= low) return 0.01;
  return 10 ** Math.floor(Math.log10((high - low) / 50));
}

function short(value, step) {
  if (value === null || value === undefined) return "";
  return String(Number(Number(value).toFixed(step < 1 ? 4 : 2)));
}

function colour(schema, id) {
  const swatch = make("input", { type: "color", id });
  const words = make("input", {
    type: "text",
    autocomplete: "off",
    spellcheck: false,
    "aria-label": `${schema.title ?? ""}, as text`,
  });
  return {
    kind: "colour",
    parts: [make("div", { className: "pair" }, swatch, words)],
    inputs: [swatch, words],
    show: (value) => {
      words.value = value ?? "";
      swatch.value = hex(value ?? "black");
    },
    listen: (moved) => {
      swatch.addEventListener("input", () => moved((words.value = swatch.value)));
      words.addEventListener("change", () => {
        swatch.value = hex(words.value);
        moved(words.value);
      });
    },
  };
}

/** Return a colour's name as #rrggbb, black where it is none. */
export function hex(name) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.fillStyle = name;
  return /^#[0-9a-f]{6}$/.test(pen.fillStyle) ? pen.fillStyle : "#000000";
}

function text(schema, id) {
  const raw = schema.type === "string" || schema.type === undefined;
  const field = make("input", { type: "text", id, autocomplete: "off", spellcheck: false });
  return {
    kind: "text",
    parts: [field],
    inputs: [field],
    show: (value) => (field.value = raw ? (value ?? "") : JSON.stringify(value)),
    listen: (moved) =>
      field.addEventListener("change", () => {
        try {
          moved(raw ? field.value : JSON.parse(field.value));
          field.removeAttribute("aria-invalid");
        } catch {
          field.setAttribute("aria-invalid", "true");
        }
      }),
  };
}
