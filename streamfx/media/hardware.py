"""Decoding on the GPU, found out by trying."""

from __future__ import annotations

import av
from av.codec.context import CodecContext
from av.codec.hwaccel import HWAccel
from av.video.frame import VideoFrame


def find() -> tuple[HWAccel | None, str]:
    """Return a CUDA decoder whose frames stay in device memory, and why not where there is none."""
    try:
        accel = HWAccel(device_type="cuda", is_hw_owned=True, allow_software_fallback=True)
        CodecContext.create("h264", "r", hwaccel=accel)
    except (av.error.FFmpegError, RuntimeError, ValueError, NotImplementedError) as exc:
        return None, f"no hardware decoding here ({exc}): decoded on the CPU"
    return accel, ""


def on_device(frame: VideoFrame) -> bool:
    """Return whether the frame's planes are in device memory."""
    return frame.format.name == "cuda"
