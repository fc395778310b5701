// The picture: what came back, the camera's own before it, and words across it.

import { find, press, pressed } from "./elements.js";
import { browser } from "./memory.js";

/** The two videos and what lies on them. */
export class Stage {
  #screen = find("screen");
  #before = find("before");
  #after = find("after");
  #wipe = find("wipe");
  #cover = find("cover");
  #notice = find("notice");
  #compare = find("compare");

  constructor({ played }) {
    this.#wipe.addEventListener("input", () => this.#divide());
    this.#compare.addEventListener("click", () => this.#showWipe(!pressed(this.#compare)));
    const mirror = find("mirror");
    const turn = (on) => {
      press(mirror, on);
      this.#screen.classList.toggle("mirrored", on);
      browser.set("mirror", on);
    };
    mirror.addEventListener("click", () => turn(!pressed(mirror)));
    turn(browser.get("mirror") === true);
    this.#fullScreen();
    this.#after.addEventListener("playing", () => {
      this.#screen.classList.add("back");
      played();
    });
    for (const video of [this.#before, this.#after]) {
      video.addEventListener("resize", () => this.#shape(video));
    }
    this.#divide();
  }

  /** Show the camera's own picture, until the processed one is there. */
  camera(stream) {
    this.#before.srcObject = stream;
    this.#cover.hidden = true;
    this.#screen.classList.add("live");
  }

  /** Show what came back. */
  back(stream) {
    if (this.#after.srcObject === stream) return;
    this.#after.srcObject = stream;
  }

  /** The connection is being made anew: the camera's own picture shows until then. */
  lost() {
    this.#screen.classList.remove("back");
    this.#after.srcObject = null;
  }

  /** Show the cover again, with a sentence and the word on its button. */
  end(text, button) {
    this.lost();
    this.#before.srcObject = null;
    this.#screen.classList.remove("live");
    this.#cover.hidden = false;
    find("cover-text").textContent = text;
    find("start").textContent = button;
    this.#showWipe(false);
    this.notice("");
  }

  /** Hear what comes back, or not. */
  listen(on) {
    this.#after.muted = !on;
  }

  /** Lay a sentence on the picture; an empty one takes it away. */
  notice(text) {
    if (this.#notice.textContent !== text) this.#notice.textContent = text;
    this.#notice.hidden = text === "";
  }

  #showWipe(on) {
    press(this.#compare, on);
    find("wipe-parts").hidden = !on;
    this.#screen.classList.toggle("comparing", on);
    if (on) this.#wipe.focus({ preventScroll: true });
  }

  #divide() {
    const share = `${this.#wipe.value}%`;
    this.#screen.style.setProperty("--wipe", share);
    this.#wipe.setAttribute("aria-valuetext", `${this.#wipe.value} percent before`);
  }

  #shape(video) {
    if (video === this.#before && this.#screen.classList.contains("back")) return;
    const { videoWidth: width, videoHeight: height } = video;
    if (width && height) this.#screen.style.setProperty("--shape", `${width} / ${height}`);
  }

  #fullScreen() {
    const button = find("full-screen");
    if (!this.#screen.requestFullscreen) {
      button.hidden = true;
      return;
    }
    button.addEventListener("click", async () => {
      if (document.fullscreenElement) await document.exitFullscreen();
      else await this.#screen.requestFullscreen().catch(() => {});
    });
    document.addEventListener("fullscreenchange", () => {
      press(button, document.fullscreenElement !== null);
    });
  }
}
