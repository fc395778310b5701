"""Instants, cuts, repeats, overlays and alpha: the same for every interpolation node."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
import torch

from streamfx import Frame, GraphError, VideoInfo
from streamfx.nodes.interpolate import Flow
from streamfx.testing import info_of, run
from tests.nodes.interpolate.scenes import RATE, frame, pan, psnr, shifted, texture

SIZE = 144, 192


def spread(frames: list[Frame], instants: list[Fraction]) -> list[Frame]:
    """Return frames at other instants, each until the next."""
    ends = [*instants[1:], instants[-1] + 1 / RATE]
    return [f.at(a, b - a) for f, a, b in zip(frames, instants, ends, strict=True)]


def planned(count: int) -> VideoInfo:
    info = info_of(pan(count))
    assert isinstance(info, VideoInfo)
    return info


def without_gaps(out: list[Frame], frames: list[Frame]) -> bool:
    return (
        out[0].pts == frames[0].pts
        and out[-1].end == frames[-1].end
        and all(a.end == b.pts for a, b in pairwise(out))
    )


@pytest.mark.parametrize("factor", [1, 2, 3, 5])
def test_each_interval_is_divided_and_no_time_is_lost(factor: int) -> None:
    frames = spread(pan(4), [Fraction(0), Fraction(1, 30), Fraction(1, 4), Fraction(1, 3)])
    out = run(Flow(factor=factor), frame=frames)
    assert len(out) == 4 * factor
    assert [f.pts for f in out[::factor]] == [f.pts for f in frames]
    assert without_gaps(out, frames)


@pytest.mark.parametrize("fps", ["60", "24000/1001", "59.94", "10", "33.3"])
def test_any_rate_comes_out_at_its_own_instants_and_as_long_as_what_came_in(fps: str) -> None:
    frames = pan(6)
    out = run(Flow(fps=fps), frame=frames)
    step = Flow(fps=fps).plan(planned(6)).time_base
    assert [f.pts for f in out] == [i * step for i in range(len(out))]
    assert without_gaps(out, frames)


def test_a_stream_that_begins_between_two_instants_loses_nothing() -> None:
    frames = [f.at(f.pts + Fraction(1, 1000)) for f in pan(3)]
    out = run(Flow(fps="60"), frame=frames)
    assert without_gaps(out, frames)
    assert out[0].image is frames[0].image
    assert [f.pts * 60 % 1 for f in out[1:]] == [0] * (len(out) - 1)


def test_frames_of_the_source_pass_as_they_are() -> None:
    frames = pan(4)
    out = run(Flow(factor=2), frame=frames)
    assert all(a.image is b.image for a, b in zip(out[::2], frames, strict=True))


def test_the_picture_is_at_the_instant_that_is_wanted() -> None:
    page, frames = texture(), pan(2, (8, -4))
    out = run(Flow(factor=4), frame=frames)
    for i in (1, 2, 3):
        truth = shifted(page, 8 * i / 4, -4 * i / 4, SIZE)
        assert psnr(out[i].image, truth) > 34
        assert psnr(out[i].image, truth) > psnr(out[i].image, frames[0].image) + 8


def test_a_cut_is_found_and_held() -> None:
    first, second = pan(3), pan(3, seed=9)
    frames = first + [f.at(f.pts + 3 / RATE) for f in second]
    out = run(Flow(factor=2), frame=frames)
    assert out[5].image is first[2].image
    assert out[5].props.repeated
    assert [i for i, f in enumerate(out) if f.props.cut] == [6]
    morphed = run(Flow(factor=2, cut=0.0), frame=frames)
    assert morphed[5].image is not first[2].image


@pytest.mark.parametrize("at", [1, 5])
def test_a_cut_at_the_first_or_last_pair_is_held(at: int) -> None:
    frames = pan(6)
    strangers = pan(6, seed=9)
    out = run(Flow(factor=2), frame=strangers[:at] + frames[at:])
    assert out[2 * at - 1].image is strangers[at - 1].image
    assert len(out) == 12


def test_a_repeated_drawing_is_held_or_retimed() -> None:
    page = texture()
    drawings = [shifted(page, 8 * i, 0, SIZE) for i in range(4)]
    twos = [frame(drawings[i // 2], i) for i in range(8)]
    held = run(Flow(factor=2), frame=twos)
    assert psnr(held[2].image, drawings[0]) > 60, "the repeat is shown as it is"
    assert psnr(held[3].image, shifted(page, 4, 0, SIZE)) > 32, "and the motion in half the time"
    out = run(Flow(factor=2, repeats="retime"), frame=twos)
    assert [f.pts for f in out] == [f.pts for f in held]
    for i in range(12):
        assert psnr(out[i].image, shifted(page, 2 * i, 0, SIZE)) > 31, i


def test_what_stands_still_for_long_is_not_retimed() -> None:
    page = texture()
    still = [frame(shifted(page, 0, 0, SIZE), i) for i in range(9)]
    frames = [*still, frame(shifted(page, 8, 0, SIZE), 9)]
    out = run(Flow(factor=2, repeats="retime"), frame=frames)
    assert len(out) == 20
    assert without_gaps(out, frames)
    assert all(psnr(f.image, still[0].image) > 60 for f in out[:17])
    assert psnr(out[17].image, shifted(page, 4, 0, SIZE)) > 31


def test_titles_stay_still_while_the_picture_moves() -> None:
    frames = []
    for f in pan(6, (5, 0)):
        image = f.image.clone()
        image[:, 110:118, 40:150:8] = 1.0
        image[:, 110:118, 44:150:8] = 0.0
        frames.append(f.showing(image))
    title = (slice(None), slice(110, 118), slice(40, 150, 4))
    still = run(Flow(factor=2), frame=frames)[9].image[title]
    dragged = run(Flow(factor=2, overlays=False), frame=frames)[9].image[title]
    assert (still - frames[0].image[title]).abs().mean() < 0.01
    assert (dragged - frames[0].image[title]).abs().mean() > 0.05


def test_alpha_moves_with_the_picture() -> None:
    page = texture()
    disc = torch.zeros(3, 300, 420)
    disc[:, 100:200, 150:250] = 1
    frames = []
    for i in range(2):
        colours, cover = (shifted(each, 8 * i, 0, SIZE) for each in (page, disc))
        frames.append(frame(torch.cat([colours, cover[:1]]), i))
    made = run(Flow(factor=2), frame=frames)[1]
    assert made.alpha
    truth = shifted(disc, 4, 0, SIZE)[0]
    assert (made.image[3].cpu() - truth).abs().mean() < 0.01
    both = (made.image[3].cpu() > 0.99) & (truth > 0.99)
    colours = shifted(page, 4, 0, SIZE)
    assert (made.image[:3].cpu() - colours).abs().mean(0)[both].mean() < 0.02


def test_one_frame_alone_is_shown_as_long_as_it_was() -> None:
    (only,) = pan(1)
    out = run(Flow(factor=3), frame=[only])
    assert [f.image is only.image for f in out] == [True] * 3
    assert out[-1].end == only.end


def test_another_size_begins_anew(caplog: pytest.LogCaptureFixture) -> None:
    small = [f.at(f.pts + 2 / RATE) for f in pan(2, size=(72, 96))]
    out = run(Flow(factor=2), frame=pan(2) + small)
    assert [f.height for f in out] == [144] * 4 + [72] * 4
    assert "the size changes" in caplog.text


def test_damage_is_held_and_said(caplog: pytest.LogCaptureFixture) -> None:
    frames = pan(4)
    frames[1] = frames[1].marked(corrupt=True)
    out = run(Flow(factor=2), frame=frames)
    assert out[1].image is frames[0].image and out[3].image is frames[1].image
    assert out[5].image is not frames[2].image
    assert "damaged frames are held" in caplog.text


def test_what_changes_little_is_said(caplog: pytest.LogCaptureFixture) -> None:
    run(Flow(factor=1), frame=pan(2))
    assert "factor is 1" in caplog.text
    run(Flow(fps="12"), frame=pan(4))
    assert "12 is below the 25 frames/s" in caplog.text


@pytest.mark.parametrize("fps", ["fast", "0", "-5", "25/0"])
def test_no_rate_is_refused_before_any_frame(fps: str) -> None:
    with pytest.raises(GraphError, match="rate"):
        Flow(fps=fps).plan(planned(1))


def test_a_frame_is_held_back_and_retiming_holds_four() -> None:
    info = planned(1)
    assert Flow(factor=2).plan(info).latency == 1 / RATE
    assert Flow(factor=2, repeats="retime").plan(info).latency == 4 / RATE
    made = Flow(fps="60").plan(info)
    assert (made.fps, made.latency, made.tick) == (60, 1 / RATE, Fraction(1, 60))
