// A live run: the camera, the session and the connection of media, kept going until it is stopped.

import { Peer } from "./peer.js";
import { cameraProblem, microphoneProblem, PICTURE_LOST, STANDS_STILL } from "./words.js";

const WAITS = [0.5, 1, 2, 4, 8];
const STILL = 6;

/**
 * Dispatches `status` (`{text, tone}`), `warning` (a sentence), `camera` and `back` (streams), and
 * `ended` (why, or nothing).
 */
export class Live extends EventTarget {
  #stream = null;
  #peer = null;
  #tries = 0;
  #timer = 0;
  #decoded = 0;
  #still = 0;
  #servers = [];

  constructor(session, devices) {
    super();
    this.session = session;
    this.devices = devices;
    session.addEventListener("welcome", ({ detail }) => this.#welcome(detail));
    session.addEventListener("answer", ({ detail }) => this.#answer(detail.sdp));
    devices.addEventListener("choice", ({ detail }) => this.#change(detail));
  }

  /** Whether the camera is on. */
  get running() {
    return this.#stream !== null;
  }

  /** Open the camera, then join. */
  async start(preset) {
    this.#status("Asking for the camera…", "busy");
    try {
      const { stream, warning } = await this.devices.open();
      this.#stream = stream;
      if (warning) this.#tell("warning", warning);
    } catch (error) {
      this.#tell("ended", cameraProblem(error));
      return;
    }
    this.#stream.getTracks().forEach((track) => this.#attend(track));
    this.#tell("camera", this.#stream);
    this.session.start(preset);
  }

  /** Close everything. */
  stop(why = "") {
    this.#drop();
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    this.session.stop();
    this.#tell("ended", why);
  }

  /** Switch a kind of track on or off, without asking for the device again. */
  enable(kind, on) {
    for (const track of this.#stream?.getTracks() ?? []) {
      if (track.kind === kind) track.enabled = on;
    }
  }

  /** Whether there is a track of a kind. */
  has(kind) {
    return this.#stream?.getTracks().some((track) => track.kind === kind) ?? false;
  }

  /** Return the browser's own figures, and notice a picture that stands still. */
  async measure() {
    const peer = this.#peer;
    const found = (await peer?.measure().catch(() => null)) ?? { decoded: 0 };
    if (peer?.connected && peer === this.#peer) {
      this.#still = found.decoded > this.#decoded ? 0 : this.#still + 1;
      this.#decoded = found.decoded;
      if (this.#still === STILL) this.#status(STANDS_STILL, "warn");
    }
    return found;
  }

  /** A picture came back. */
  played() {
    this.#tries = 0;
    this.#still = 0;
    if (this.session.up) this.#status("Live", "good");
  }

  #welcome({ ice_servers: servers, resumed }) {
    this.#servers = servers ?? [];
    if (!this.#stream) return;
    if (resumed && this.#peer?.connected) this.#status("Live", "good");
    else this.#connect();
  }

  #connect() {
    this.#drop();
    if (!this.#stream || !this.session.up) return;
    this.#status("Connecting the picture…", "busy");
    const peer = new Peer({
      iceServers: this.#servers,
      stream: this.#stream,
      tell: (message) => this.session.send(message),
      changed: (state) => peer === this.#peer && this.#follow(state),
      arrived: (stream) => this.#tell("back", stream),
    });
    this.#peer = peer;
    peer.offer().catch((error) => this.#failed(error));
  }

  #answer(sdp) {
    this.#peer?.answer(sdp).catch((error) => this.#failed(error));
  }

  #follow(state) {
    if (state !== "lost") return;
    this.#tell("lost");
    this.#later(PICTURE_LOST);
  }

  #failed(error) {
    this.#later(`The connection cannot be made: ${error.message}.`);
  }

  #later(why) {
    this.#drop();
    const wait = WAITS[Math.min(this.#tries, WAITS.length - 1)];
    this.#tries += 1;
    if (this.#tries > 2) this.#tell("warning", why);
    this.#status(`Picture lost, again in ${Math.ceil(wait)} s`, "warn");
    this.#timer = setTimeout(() => this.#connect(), wait * 1000);
  }

  #drop() {
    clearTimeout(this.#timer);
    this.#peer?.close();
    this.#peer = null;
    this.#decoded = 0;
    this.#still = 0;
  }

  async #change(kind) {
    if (!this.#stream) return;
    const old = this.#stream.getTracks().find((track) => track.kind === kind);
    try {
      // Phones open one camera at a time: the old one goes first.
      if (kind === "video") old?.stop();
      const track = await this.devices.track(kind);
      old?.stop();
      if (old) this.#stream.removeTrack(old);
      if (track) {
        track.enabled = old?.enabled ?? true;
        this.#stream.addTrack(track);
        this.#attend(track);
      }
      await this.#peer?.replace(kind, track);
      this.#tell("camera", this.#stream);
    } catch (error) {
      if (kind === "video") this.stop(cameraProblem(error));
      else this.#tell("warning", microphoneProblem(error));
    }
  }

  #attend(track) {
    track.onended = () => {
      if (!this.#stream?.getTracks().includes(track)) return;
      if (track.kind === "video") this.stop("The camera was taken away. Connect it, then start again.");
      else this.#tell("warning", "The microphone was taken away: no sound is sent.");
    };
  }

  #status(text, tone) {
    this.#tell("status", { text, tone });
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
