// The control channel: one WebSocket, opened again when it is lost, back to the same session.

import { token } from "./access.js";
import { tab } from "./memory.js";

const WAITS = [0.5, 1, 2, 4, 8];
const SILENCE = 12;
const PING = 4;
const HANGS_UP = 2;

/** After these there is no sense in trying again by itself. */
const FINAL = new Set(["token", "unknown", "taken", "stream", "message", "request", "elsewhere"]);

/** Seconds after which it may be tried again. */
const LATER = { full: 6, slow: 10, warming: 2, draining: 5 };

/**
 * A session on the server. Each message that comes is dispatched as an event of its type, with the
 * message as `detail`; besides there is `link`, whose detail is
 * `{state: "connecting" | "up" | "waiting" | "refused" | "down", seconds?, error?}`.
 */
export class Session extends EventTarget {
  #socket = null;
  #wanted = false;
  #welcomed = false;
  #tries = 0;
  #timer = 0;
  #heard = 0;
  #refused = null;
  #bye = null;

  constructor() {
    super();
    const again = () => this.#timer && this.#wanted && this.#connect();
    globalThis.addEventListener("online", again);
    document.addEventListener("visibilitychange", () => document.hidden || again());
    setInterval(() => this.#watch(), PING * 1000);
  }

  /** Join, or come back to the session this tab had. `preset` is for a new one. */
  start(preset) {
    if (tab.get("session") === null) tab.set("preset", preset);
    this.#wanted = true;
    this.#tries = 0;
    this.#connect();
  }

  /** End the session for good. */
  stop() {
    this.send({ type: "leave" });
    this.#wanted = false;
    tab.set("session", null);
    this.#drop();
    this.#link("down");
  }

  /** Whether messages are being taken. */
  get up() {
    return this.#welcomed;
  }

  /** Send a message; returns whether there was a session to send it to. */
  send(message) {
    if (!this.#welcomed) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  #connect() {
    this.#drop();
    this.#link("connecting");
    this.#refused = null;
    this.#bye = null;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/ws`);
    this.#socket = socket;
    this.#heard = performance.now();
    socket.onopen = () => socket.send(JSON.stringify(this.#join()));
    socket.onmessage = (event) => this.#take(JSON.parse(event.data));
    socket.onclose = () => socket === this.#socket && this.#lost();
  }

  #join() {
    const join = { type: "join" };
    if (token() !== null) join.access = token();
    if (tab.get("session") !== null) join.session = tab.get("session");
    if (tab.get("preset") !== null) join.preset = tab.get("preset");
    return join;
  }

  #take(message) {
    this.#heard = performance.now();
    if (message.type === "welcome") {
      this.#welcomed = true;
      this.#tries = 0;
      tab.set("session", message.session);
      tab.set("preset", message.preset.name);
      this.#link("up");
    }
    if (message.type === "preset") tab.set("preset", message.name);
    if (message.type === "error" && !this.#welcomed) {
      this.#refused = message;
      return;
    }
    if (message.type === "bye") this.#bye = { ...message, at: performance.now() };
    this.dispatchEvent(new CustomEvent(message.type, { detail: message }));
  }

  #lost() {
    this.#drop();
    if (!this.#wanted) return;
    const error = this.#refused ?? this.#dismissal();
    if (error && FINAL.has(error.code)) {
      this.#wanted = false;
      if (error.code !== "token") tab.set("session", null);
      this.#link("refused", { error });
      return;
    }
    const wait = LATER[error?.code] ?? WAITS[Math.min(this.#tries, WAITS.length - 1)];
    const seconds = wait * (0.85 + 0.3 * Math.random());
    this.#tries += 1;
    this.#timer = setTimeout(() => this.#connect(), seconds * 1000);
    this.#link("waiting", { seconds, error });
  }

  /** A server that says goodbye and hangs up means this page; one that ends stays for a while. */
  #dismissal() {
    if (this.#bye === null || performance.now() - this.#bye.at > HANGS_UP * 1000) return null;
    if (this.#bye.code === "draining") return null;
    return { code: "elsewhere", why: this.#bye.why };
  }

  #drop() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#welcomed = false;
    const socket = this.#socket;
    this.#socket = null;
    if (socket) {
      socket.onmessage = null;
      socket.close();
    }
  }

  #watch() {
    if (!this.#socket) return;
    if (performance.now() - this.#heard > SILENCE * 1000) this.#lost();
    else this.send({ type: "ping", at: performance.now() });
  }

  #link(state, more = {}) {
    this.dispatchEvent(new CustomEvent("link", { detail: { state, ...more } }));
  }
}
