from __future__ import annotations

import av
import pytest

from streamfx.media import hardware
from tests import clips


def test_a_machine_without_a_decoder_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_: object, **__: object) -> None:
        raise RuntimeError("no device")

    monkeypatch.setattr(hardware, "HWAccel", absent)
    accel, note = hardware.find()
    assert accel is None
    assert note == "no hardware decoding here (no device): decoded on the CPU"


def test_frames_in_main_memory_are_not_on_the_device() -> None:
    with av.open(str(clips.cached("plain.ts", frames=25))) as container:
        assert not hardware.on_device(next(container.decode(video=0)))
