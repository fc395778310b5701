import threading
from pathlib import Path
from typing import cast

import pytest

from streamfx.engine.outputs import AHEAD, Output
from streamfx.media.writer import Writer
from streamfx.testing import clip


class Slow:
    """A writer that waits in the middle of a frame, and notes what is done with it."""

    def __init__(self) -> None:
        self.began, self.go = threading.Event(), threading.Event()
        self.done: list[str] = []

    def write(self, item: object) -> None:
        self.began.set()
        self.go.wait()
        self.done.append("write")

    def finish(self) -> None:
        self.done.append("finish")

    def abandon(self) -> None:
        self.done.append("abandon")

    def keep_part(self) -> Path:
        self.done.append("keep")
        return Path("part")


def output_of(writer: Slow) -> Output:
    output = Output("video", cast(Writer, writer))
    output.start()
    return output


def test_what_was_handed_over_is_written_before_the_end() -> None:
    writer = Slow()
    writer.go.set()
    output = output_of(writer)
    for frame in clip(*[0.5] * (2 * AHEAD)):
        output.put(frame)
    output.finish()
    assert writer.done == [*["write"] * (2 * AHEAD), "finish"]
    assert output.frames == 2 * AHEAD


def test_abandoning_a_writer_at_work_does_not_wait_for_more() -> None:
    writer = Slow()
    output = output_of(writer)
    for frame in clip(0.1, 0.2, 0.3):
        output.put(frame)
    writer.began.wait()
    leaving = threading.Thread(target=output.abandon)
    leaving.start()
    writer.go.set()
    leaving.join(timeout=5)
    assert not leaving.is_alive()
    assert writer.done[-1] == "abandon"


def test_what_writing_raised_comes_back_to_the_one_who_puts() -> None:
    class Full(Slow):
        def write(self, item: object) -> None:
            raise OSError("no space left")

    output = output_of(Full())
    with pytest.raises(OSError, match="no space left"):
        for frame in clip(*[0.5] * (4 * AHEAD)):
            output.put(frame)
    with pytest.raises(OSError, match="no space left"):
        output.finish()
    output.abandon()
