// The token that a server may ask for: from the address, or from a dialog.

import { find } from "./elements.js";
import { tab } from "./memory.js";
import { answer } from "./words.js";

/** Take a token out of the address (`#token=…`), so that it is not seen or copied along. */
export function takeFromAddress() {
  const hash = new URLSearchParams(location.hash.slice(1));
  const token = hash.get("token");
  if (token === null) return;
  tab.set("access", token);
  hash.delete("token");
  const rest = hash.toString();
  history.replaceState(null, "", location.pathname + location.search + (rest ? `#${rest}` : ""));
}

/** Return the token, or null. */
export function token() {
  return tab.get("access");
}

let asked = null;

/** Ask for the token; resolves to whether one was given. */
export function ask(why) {
  asked ??= open(why).finally(() => {
    asked = null;
  });
  return asked;
}

function open(why) {
  const dialog = find("access");
  const field = find("access-token");
  find("access-why").textContent = why;
  field.value = "";
  dialog.returnValue = "";
  return new Promise((resolve) => {
    find("access-cancel").onclick = () => dialog.close("");
    find("access-form").onsubmit = () => {
      tab.set("access", field.value.trim());
    };
    dialog.onclose = () => resolve(dialog.returnValue === "given");
    dialog.showModal();
  });
}

/** Return the headers that say who we are. */
export function headers() {
  return token() === null ? {} : { Authorization: `Bearer ${token()}` };
}

/** Fetch with the token, asking for it as long as the server wants another. */
export async function authorised(address, options = {}) {
  for (;;) {
    const response = await fetch(address, {
      ...options,
      headers: { ...options.headers, ...headers() },
    });
    if (response.status !== 401) return response;
    const why = token() === null ? "This server asks for a token." : answer(401);
    if (!(await ask(why))) return response;
  }
}

/** Return the sentence of an error's body, or nothing. */
export async function reason(response) {
  try {
    return (await response.json()).error ?? "";
  } catch {
    return "";
  }
}
