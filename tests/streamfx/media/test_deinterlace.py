from __future__ import annotations

from fractions import Fraction

import numpy as np
from av.video.frame import VideoFrame

from streamfx.media.deinterlace import Deinterlacer
from tests import clips

TICK = Fraction(1, 90000)


def frames(count: int, pts: list[int] | None = None) -> list[VideoFrame]:
    """Decode fields that move: interlaced frames as a decoder hands them out."""
    import av

    path = clips.cached("fields.mkv", frames=count, options={"x264-params": "tff=1"})
    with av.open(str(path)) as container:
        decoded = list(container.decode(video=0))
    for number, frame in enumerate(decoded):
        frame.pts = pts[number] if pts else number * 3600
        frame.time_base = TICK
    return decoded


def test_every_frame_comes_once_at_its_own_instant() -> None:
    pts = [0, 1801, 3600, 9000, 9003, 20000]
    source = frames(6, pts)
    assert all(frame.interlaced_frame for frame in source)
    work = Deinterlacer(source[0], TICK)
    out = [done for frame in source for done in work.process(frame)] + work.flush()
    assert [frame.pts for frame in out] == pts
    assert {frame.time_base for frame in out} == {TICK}


def test_the_lines_of_one_field_stay_and_the_others_are_made() -> None:
    source = frames(5)
    before = [np.frombuffer(memoryview(f.planes[0]), np.uint8).copy() for f in source]
    work = Deinterlacer(source[0], TICK)
    out = [done for frame in source for done in work.process(frame)] + work.flush()
    height, line = 48, source[2].planes[0].line_size
    old = before[2].reshape(height, line)[:, :64]
    new = np.frombuffer(memoryview(out[2].planes[0]), np.uint8).reshape(height, -1)[:, :64]
    kept = [np.array_equal(old[field::2], new[field::2]) for field in (0, 1)]
    assert sorted(kept) == [False, True]


def test_progressive_frames_pass_unchanged() -> None:
    source = []
    for number in range(4):
        frame = clips.draw(number, clips.Clip())
        frame.pts, frame.time_base = number, Fraction(1, 25)
        source.append(frame)
    work = Deinterlacer(source[0], Fraction(1, 25))
    out = [done for frame in source for done in work.process(frame)] + work.flush()
    assert [bytes(a.planes[0]) for a in out] == [bytes(b.planes[0]) for b in source]


def test_another_size_does_not_fit() -> None:
    first = clips.draw(0, clips.Clip())
    work = Deinterlacer(first, Fraction(1, 25))
    assert work.fits(first)
    assert not work.fits(clips.draw(0, clips.Clip(width=32)))
