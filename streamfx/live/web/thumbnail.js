// Small pictures of uploads, as data URLs, so that they outlive a reload.

import { make } from "./elements.js";

const WIDTH = 96;
const HEIGHT = 54;
const PATIENCE = 5;

/** Return a file's first picture as a data URL, or null where the browser cannot read it. */
export async function thumbnail(file, kind) {
  const address = URL.createObjectURL(file);
  try {
    const source = kind === "video" ? await firstPicture(address) : await createImageBitmap(file);
    const canvas = make("canvas", { width: WIDTH, height: HEIGHT });
    const width = source.videoWidth ?? source.width;
    const height = source.videoHeight ?? source.height;
    const scale = Math.max(WIDTH / width, HEIGHT / height);
    const [w, h] = [width * scale, height * scale];
    canvas.getContext("2d").drawImage(source, (WIDTH - w) / 2, (HEIGHT - h) / 2, w, h);
    return canvas.toDataURL("image/jpeg", 0.7);
  } catch {
    return null;
  } finally {
    URL.revokeObjectURL(address);
  }
}

function firstPicture(address) {
  const video = make("video", { muted: true, preload: "auto", src: address });
  return new Promise((resolve, reject) => {
    video.onloadeddata = () => resolve(video);
    video.onerror = () => reject(new Error("unreadable"));
    setTimeout(() => reject(new Error("too slow")), PATIENCE * 1000);
  });
}
