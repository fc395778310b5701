import sys
import time
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
from av.video.frame import VideoFrame

from streamfx.errors import SettingError
from streamfx.live.media.camera import VirtualCamera


class FakeCamera:
    made: ClassVar[list["FakeCamera"]] = []

    def __init__(self, *, width, height, fps, fmt, device):
        if device == "/dev/video99":
            raise RuntimeError("'v4l2loopback' backend: device not\nfound")
        assert fmt == "I420"
        self.width, self.height, self.fps, self.device = width, height, fps, device or "first"
        self.sent: list[np.ndarray] = []
        self.closed = False
        FakeCamera.made.append(self)

    def send(self, frame):
        assert frame.dtype == np.uint8 and frame.size == self.width * self.height * 3 // 2
        self.sent.append(frame)

    def close(self):
        self.closed = True


@pytest.fixture(autouse=True)
def fake(monkeypatch):
    FakeCamera.made = []
    module = SimpleNamespace(Camera=FakeCamera, PixelFormat=SimpleNamespace(I420="I420"))
    monkeypatch.setitem(sys.modules, "pyvirtualcam", module)


def grey(width: int, height: int, value: int = 200) -> VideoFrame:
    frame = VideoFrame(width, height, "yuv420p")
    for plane, code in zip(frame.planes, (value, 128, 128), strict=True):
        plane.update(bytes([code]) * plane.buffer_size)
    return frame


def show(camera: VirtualCamera, frame: VideoFrame, count: int) -> None:
    camera.show(frame)
    until = time.monotonic() + 10
    while time.monotonic() < until and not (
        FakeCamera.made and len(FakeCamera.made[0].sent) >= count
    ):
        time.sleep(0.005)


def test_pictures_are_shown_in_the_size_of_the_first():
    camera = VirtualCamera(fps=25)
    show(camera, grey(33, 20), 1)
    camera.close()
    (made,) = FakeCamera.made
    assert (made.width, made.height, made.fps, made.closed) == (32, 20, 25, True)
    assert camera.device == "first" and not camera.why
    assert abs(int(made.sent[0][: 32 * 20].mean()) - 200) <= 1


def test_a_picture_of_another_shape_gets_bars():
    camera = VirtualCamera()
    show(camera, grey(64, 32), 1)
    show(camera, grey(16, 32), 2)
    camera.close()
    luma = FakeCamera.made[0].sent[1][: 64 * 32].reshape(32, 64)
    assert (luma[:, :24] == 16).all() and (luma[:, 40:] == 16).all()
    assert abs(int(luma[:, 24:40].mean()) - 200) <= 1


def test_a_device_that_cannot_be_opened_is_said_in_one_line():
    told: list[str] = []
    camera = VirtualCamera("/dev/video99", failed=told.append)
    camera.show(grey(32, 32))
    until = time.monotonic() + 10
    while not camera.why and time.monotonic() < until:
        time.sleep(0.005)
    camera.show(grey(32, 32))
    camera.close()
    camera.close()
    assert camera.why.startswith("no virtual camera can be used ('v4l2loopback' backend: device")
    assert "\n" not in camera.why
    assert told == [camera.why]


def test_the_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    with pytest.raises(SettingError, match=r"pip install 'streamfx\[camera\]'"):
        VirtualCamera()
