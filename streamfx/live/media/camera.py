"""The result of a session as a camera that other programs on this machine can choose."""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Callable
from threading import Thread
from typing import Any

import numpy as np
from av.video.frame import VideoFrame

from streamfx.engine.channel import Closed
from streamfx.engine.slot import Slot
from streamfx.errors import SettingError

log = logging.getLogger(__name__)

ADVICE = {
    "linux": "load the kernel module v4l2loopback (modprobe v4l2loopback exclusive_caps=1)",
    "other": "install OBS Studio, whose virtual camera is used",
}
"""What gives a machine a virtual camera."""


class VirtualCamera:
    """Show pictures on a virtual camera, by pyvirtualcam (the extra ``camera``).

    ``device`` names one (``/dev/video10``, ``OBS Virtual Camera``); None takes the first there is.
    The camera keeps the size of the first picture: later ones of another size are scaled to fit
    into it, with black bars. It is opened with the first picture, in a thread of its own, where
    a newer picture replaces one that still waits. ``failed`` is told, in that thread, why none is
    shown any more; so is :attr:`why`.

    Raises :exc:`SettingError` where pyvirtualcam is not installed.
    """

    def __init__(
        self,
        device: str | None = None,
        *,
        fps: float = 30.0,
        failed: Callable[[str], None] | None = None,
    ) -> None:
        self._library = _library()
        self._device, self._fps, self._failed = device, fps, failed
        self._waiting: Slot[VideoFrame] = Slot()
        self.device = ""
        """The device in use; empty before the first picture."""
        self.why = ""
        """Why the camera failed, in one line; empty while it works."""
        self._thread = Thread(target=self._run, name="virtual camera", daemon=True)
        self._thread.start()

    def show(self, frame: VideoFrame) -> None:
        """Show a picture; never waits. Any thread."""
        self._waiting.put(frame)

    def close(self) -> None:
        """Let go of the device. Safe to call twice."""
        self._waiting.close()
        self._thread.join()

    def _run(self) -> None:
        camera: Any = None
        try:
            while True:
                frame = self._waiting.take()
                if camera is None:
                    camera = self._open(frame)
                    self.device = camera.device
                    log.info("virtual camera: %s", self.device)
                camera.send(_fitted(frame, camera.width, camera.height))
        except Closed:
            return
        except (RuntimeError, OSError, ValueError) as exc:
            self.why = _reason(exc)
            log.warning("virtual camera: %s", self.why)
            if self._failed is not None:
                self._failed(self.why)
        finally:
            if camera is not None:
                camera.close()

    def _open(self, first: VideoFrame) -> Any:  # noqa: ANN401  pyvirtualcam is no dependency
        return self._library.Camera(
            width=first.width // 2 * 2,
            height=first.height // 2 * 2,
            fps=self._fps,
            fmt=self._library.PixelFormat.I420,
            device=self._device,
        )


def _library() -> Any:  # noqa: ANN401  pyvirtualcam is no dependency
    try:
        return importlib.import_module("pyvirtualcam")
    except ImportError as exc:
        raise SettingError(
            "a virtual camera needs pyvirtualcam: pip install 'streamfx[camera]'"
        ) from exc


def _reason(exc: Exception) -> str:
    said = " ".join(str(exc).split()) or type(exc).__name__
    advice = ADVICE["linux" if sys.platform == "linux" else "other"]
    return f"no virtual camera can be used ({said}); {advice}"


def _fitted(frame: VideoFrame, width: int, height: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return the picture as the planes of I420, one after the other, in this size."""
    if (frame.width, frame.height) == (width, height):
        plain = frame if frame.format.name == "yuv420p" else frame.reformat(format="yuv420p")
        return np.ascontiguousarray(plain.to_ndarray(), dtype=np.uint8).reshape(-1)
    share = min(width / frame.width, height / frame.height)
    wide = max(2, round(frame.width * share / 2) * 2)
    high = max(2, round(frame.height * share / 2) * 2)
    small = frame.reformat(width=wide, height=high, format="yuv420p").to_ndarray().reshape(-1)
    left, top = (width - wide) // 4 * 2, (height - high) // 4 * 2
    parts = []
    start = 0
    for divisor, black in ((1, 16), (2, 128), (2, 128)):
        plane = np.full((height // divisor, width // divisor), black, np.uint8)
        h, w = high // divisor, wide // divisor
        part = small[start : start + h * w].reshape(h, w)
        y, x = top // divisor, left // divisor
        plane[y : y + h, x : x + w] = part
        start += h * w
        parts.append(plane.reshape(-1))
    return np.concatenate(parts)
