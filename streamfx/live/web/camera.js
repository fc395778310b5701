// Cameras and microphones: which there are, and a stream of the chosen ones.

import { find, make } from "./elements.js";
import { browser } from "./memory.js";
import { microphoneProblem } from "./words.js";

/** The choice of devices, kept for the next visit. */
export class Devices extends EventTarget {
  #camera = find("camera");
  #microphone = find("microphone");
  #size = find("size");

  constructor() {
    super();
    for (const [name, select] of this.#selects()) {
      select.addEventListener("change", () => {
        browser.set(name, select.value);
        const kind = name === "microphone" ? "audio" : "video";
        this.dispatchEvent(new CustomEvent("choice", { detail: kind }));
      });
    }
    const size = browser.get("size");
    if (size && [...this.#size.options].some((each) => each.value === size)) this.#size.value = size;
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.list());
    this.list();
  }

  #selects() {
    return [
      ["camera", this.#camera],
      ["microphone", this.#microphone],
      ["size", this.#size],
    ];
  }

  /** Show the devices; they have names once the camera was allowed. */
  async list() {
    if (!navigator.mediaDevices?.enumerateDevices) return;
    const devices = await navigator.mediaDevices.enumerateDevices();
    this.#fill(this.#camera, "camera", "videoinput", devices, "Camera");
    this.#fill(this.#microphone, "microphone", "audioinput", devices, "Microphone");
  }

  #fill(select, name, kind, devices, word) {
    const wanted = select.value || browser.get(name) || "";
    const named = devices.filter((each) => each.kind === kind && each.deviceId);
    const fixed = [...select.options].filter((each) => ["", "none"].includes(each.value));
    select.replaceChildren(
      ...fixed,
      ...named.map((each, i) =>
        make("option", { value: each.deviceId }, each.label || `${word} ${i + 1}`),
      ),
    );
    select.value = [...select.options].some((each) => each.value === wanted) ? wanted : "";
  }

  /**
   * Return `{stream, warning}` of the chosen devices. Without a microphone the stream has no sound
   * and the warning says why; without a camera this rejects.
   */
  async open() {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw Object.assign(new Error("no mediaDevices"), { name: "InsecureError" });
    }
    const video = this.#video();
    if (this.#microphone.value === "none") {
      return { stream: await this.#get({ video }), warning: "" };
    }
    try {
      return { stream: await this.#get({ video, audio: this.#audio() }), warning: "" };
    } catch (error) {
      const stream = await this.#get({ video });
      return { stream, warning: microphoneProblem(error) };
    }
  }

  /** Return a track of one kind, or null where none is wanted. */
  async track(kind) {
    if (kind === "audio" && this.#microphone.value === "none") return null;
    const wanted = kind === "audio" ? { audio: this.#audio() } : { video: this.#video() };
    return (await this.#get(wanted)).getTracks()[0];
  }

  async #get(wanted) {
    const stream = await navigator.mediaDevices.getUserMedia(wanted);
    for (const track of stream.getVideoTracks()) {
      if ("contentHint" in track) track.contentHint = "motion";
    }
    await this.list();
    return stream;
  }

  #video() {
    const [width, height] = this.#size.value.split("x").map(Number);
    const wanted = { width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: 30 } };
    if (this.#camera.value) wanted.deviceId = { exact: this.#camera.value };
    else wanted.facingMode = "user";
    return wanted;
  }

  #audio() {
    const wanted = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    if (this.#microphone.value) wanted.deviceId = { exact: this.#microphone.value };
    return wanted;
  }
}
