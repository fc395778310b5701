// Find and make elements of the page.

/** Return the element with an id; a missing one is a mistake in index.html. */
export function find(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no element #${id}`);
  return element;
}

/**
 * Make an element. Properties are set as such where the element has them, else as attributes;
 * children are elements or texts. Nothing is ever read as HTML.
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name in element && !name.includes("-")) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Make a picture of icons.svg, which screen readers skip. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `/web/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** Set a button that stays down, and say so to screen readers. */
export function press(button, on) {
  button.setAttribute("aria-pressed", String(on));
}

/** Whether such a button is down. */
export function pressed(button) {
  return button.getAttribute("aria-pressed") === "true";
}
