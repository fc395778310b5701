import threading
from collections.abc import Callable, Sequence
from typing import ClassVar

import pytest

from streamfx import Frame, Held, Node, param
from streamfx.engine.batching import Batcher, Seat, fits
from streamfx.testing import clip
from tests.livefx import FakeClock

LONG = 30.0
"""Seconds of patience: a test that needs them has failed."""


class Raises(Node):
    """Lifts pictures, and notes how many came at once. White ones it cannot do."""

    stateless = True
    batch_size = 3
    sizes: ClassVar[list[int]] = []

    by: float = param(default=0.1, help="Level.", live=True)

    def process(self, frame: Frame) -> Frame:
        self.sizes.append(1)
        if frame.image.max() >= 1:
            raise ValueError("white")
        return frame.showing(frame.image + self.by)

    def batch(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        self.sizes.append(len(frames))
        if any(frame.image.max() >= 1 for frame in frames):
            raise ValueError("white")
        return [frame.showing(frame.image + self.by) for frame in frames]


@pytest.fixture(autouse=True)
def _forget() -> None:
    Raises.sizes.clear()


def together(*calls: Callable[[], Frame]) -> list[object]:
    """Call all at once; return what came of each."""
    made: list[object] = [None] * len(calls)
    ready = threading.Barrier(len(calls))

    def work(number: int) -> None:
        ready.wait()
        try:
            made[number] = round(float(calls[number]().image.mean()), 3)
        except ValueError as exc:
            made[number] = str(exc)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG / 2)
    return made


def seats(batcher: Batcher, *nodes: Node) -> list[Seat]:
    """Seat nodes, each having worked a moment ago."""
    made = [batcher.seat(node, "cpu", node) for node in nodes]
    for seat in made:
        seat.key = seat.key_for(clip(0)[0])
        seat.at = 100.0
    return made


def serve(seat: Seat, level: float) -> Callable[[], Frame]:
    return lambda: seat.process(clip(level)[0])


def test_frames_of_twins_are_worked_on_at_once() -> None:
    one, two, three = seats(Batcher(LONG, FakeClock()), Raises(), Raises(), Raises())
    made = together(serve(one, 0.1), serve(two, 0.2), serve(three, 0.3))
    assert made == [0.2, 0.3, 0.4]
    assert Raises.sizes == [3]


def test_no_more_come_together_than_the_node_takes() -> None:
    four = seats(Batcher(0.5, FakeClock()), *[Raises() for _ in range(4)])
    made = together(*[serve(seat, 0.1) for seat in four])
    assert made == [0.2] * 4
    assert sum(Raises.sizes) == 4
    assert max(Raises.sizes) <= 3


def test_nobody_waits_who_is_alone() -> None:
    (one,) = seats(Batcher(LONG, FakeClock()), Raises())
    assert together(serve(one, 0.1)) == [0.2]
    assert Raises.sizes == [1]


def test_nobody_waits_for_a_session_that_rests() -> None:
    clock = FakeClock()
    one, _ = seats(Batcher(LONG, clock), Raises(), Raises())
    clock.time += 1
    assert together(serve(one, 0.1)) == [0.2]


def test_twins_of_one_session_do_not_wait_for_each_other() -> None:
    one, two = seats(Batcher(LONG, FakeClock()), Raises(), Raises())
    two.party = one.party
    assert together(serve(one, 0.1)) == [0.2]
    assert together(serve(two, 0.2)) == [0.3]


def test_who_comes_in_vain_works_alone_after_a_moment() -> None:
    one, _ = seats(Batcher(0.001, FakeClock()), Raises(), Raises())
    assert together(serve(one, 0.1)) == [0.2]
    assert Raises.sizes == [1]


def test_other_parameters_or_sizes_do_not_mix() -> None:
    one, other = seats(Batcher(LONG, FakeClock()), Raises(), Raises(by=0.2))
    assert together(serve(one, 0.1), serve(other, 0.1)) == [0.2, 0.3]
    wide = clip(0.1, size=(4, 8))[0]
    assert one.key_for(wide) != one.key_for(clip(0.1)[0])
    assert Raises.sizes == [1, 1]


def test_a_frame_that_fails_fails_only_its_own_session() -> None:
    good, bad = seats(Batcher(LONG, FakeClock()), Raises(), Raises())
    assert together(serve(good, 0.1), serve(bad, 1.0)) == [0.2, "white"]
    assert Raises.sizes[0] == 2
    assert Raises.sizes[1:] == [1, 1]


def test_who_has_left_is_not_waited_for() -> None:
    batcher = Batcher(LONG, FakeClock())
    one, two = seats(batcher, Raises(), Raises())
    two.close()
    assert batcher.seats == 1
    assert together(serve(one, 0.1)) == [0.2]


def test_parameters_that_cannot_be_compared_are_not_batched() -> None:
    class Lists(Raises):
        marks: list[int] = param(default=[], help="Marks.")

    one, two = seats(Batcher(LONG, FakeClock()), Lists(marks=[1]), Lists(marks=[1]))
    assert one.key is None
    assert together(serve(one, 0.1), serve(two, 0.1)) == [0.2, 0.2]


def test_only_nodes_that_take_batches_of_one_input_fit() -> None:
    class Two(Node):
        stateless = True
        batch_size = 4

        def process(self, frame: Frame, other: Held[Frame]) -> Frame:
            return frame

    class Remembers(Node):
        batch_size = 4

        def process(self, frame: Frame) -> Frame:
            return frame

    assert [fits(node) for node in (Raises(), Two(), Remembers())] == [True, False, False]
