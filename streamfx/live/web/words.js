// What went wrong, in words that say what to do.

const CAMERA = {
  NotAllowedError:
    "The camera was not allowed. Allow it beside the address of this page, then start again.",
  NotFoundError: "There is no camera. Connect one, then start again.",
  NotReadableError:
    "The camera does not answer: another program may be using it. Close that, then start again.",
  OverconstrainedError: "The chosen camera is gone. Choose another one, then start again.",
  SecurityError: "This browser forbids the camera on this page.",
  AbortError: "The camera stopped before it gave a picture. Start again.",
};

/** Say why there is no camera picture. */
export function cameraProblem(error) {
  if (!globalThis.isSecureContext || error.name === "InsecureError") {
    return "Browsers give the camera only to pages that came over https, or from this machine.";
  }
  return CAMERA[error.name] ?? `The camera cannot be used: ${error.message || error.name}.`;
}

/** Say why there is no sound, where there is a picture. */
export function microphoneProblem(error) {
  if (error.name === "NotAllowedError") return "The microphone was not allowed: no sound is sent.";
  if (error.name === "NotFoundError") return "There is no microphone: no sound is sent.";
  return "The microphone cannot be used: no sound is sent.";
}

const REFUSED = {
  token: "The token is not the right one.",
  full: "The server is full.",
  draining: "The server is closing.",
};

/** Say why the server refused something; its own words where it has some. */
export function refusal({ code, why }) {
  return sentence(why || REFUSED[code] || "The server refused this.");
}

const ANSWERS = {
  0: "The server cannot be reached.",
  401: REFUSED.token,
  404: "The session is gone.",
  408: "The file took too long to arrive.",
  413: "The file is too large.",
  415: "This kind of file is not taken. Pictures and videos are.",
  429: "Too many attempts. Wait a little.",
  503: REFUSED.full,
  507: "The server has no room left.",
};

/** Say what an answer of HTTP means; ``why`` is the server's own sentence, where it gave one. */
export function answer(status, why = "") {
  return sentence(why || ANSWERS[status] || `The server answered ${status}.`);
}

export const PICTURE_LOST =
  "The picture cannot get through: a firewall may block UDP between here and the server.";
export const PLATE_WANTED = "This look begins once a clean plate is taken.";
export const PASSES =
  "The server cannot keep up: your camera's picture is shown as it is, room and all.";
export const STANDS_STILL = "Connected, but no picture comes back.";

/** Make a sentence of it: a capital first, a full stop last. */
export function sentence(text) {
  const trimmed = String(text).trim();
  if (!trimmed) return "";
  const start = trimmed[0].toUpperCase() + trimmed.slice(1);
  return /[.!?…]$/.test(start) ? start : `${start}.`;
}
