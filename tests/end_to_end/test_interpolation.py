"""Interpolation from file to file: instants, sound, real motion, animation, cuts."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from streamfx.cli import main
from streamfx.frame import Frame
from streamfx.media.reader import Reader
from streamfx.nodes.interpolate import Blend, Flow, Neural
from streamfx.testing import run
from tests.clips import FOOTAGE, make
from tests.nodes.interpolate.scenes import frame, psnr, shifted, texture
from tests.shell import streamfx
from tests.writing import shown

SIXTY = FOOTAGE / "general" / "rooftop_320x240_60fps.mp4"
FILM = FOOTAGE / "general" / "tears_of_steel_70s.webm"
with_footage = pytest.mark.skipif(not SIXTY.exists(), reason="no footage")


def filmed(path: Path, count: int) -> list[torch.Tensor]:
    """Return the first pictures of a clip."""
    made: list[torch.Tensor] = []
    with Reader(str(path)) as reader:
        for item in reader:
            if isinstance(item, Frame):
                made.append(item.image)
            if len(made) == count:
                return made
    return made


@with_footage
@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("node", [Flow, Neural])
def test_frames_that_were_left_out_of_true_60_fps_come_back(factor: int, node: type[Flow]) -> None:
    truth = filmed(SIXTY, 41)
    kept = [frame(image, i) for i, image in enumerate(truth[::factor])]
    made = run(node(factor=factor), frame=kept)
    faded = run(Blend(factor=factor), frame=kept)
    between = [i for i in range(len(truth) - 1) if i % factor]
    ours, plain = (
        np.mean([psnr(out[i].image, truth[i]) for i in between]) for out in (made, faded)
    )
    assert ours > plain + 5
    assert ours > 28


@with_footage
def test_a_film_with_cuts_is_not_morphed_over_them(tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    words = ["smooth-2x", str(FILM), str(out), "--start", "2", "--end", "2.4", "--quiet"]
    assert main(["render", *words]) == 0
    pictures = filmed(out, 20)
    source = filmed(FILM, 58)[48:58]
    cut = 52 - 48  # the frame of the film that begins another shot
    held = pictures[2 * cut - 1]
    assert psnr(held, source[cut - 1]) > psnr(held, source[cut]) + 8


def test_ten_minutes_of_variable_rate_stay_in_step_with_their_sound(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    steps = rng.choice([200, 333, 250, 400, 100], 2400)
    pts = [0, *np.cumsum(steps[:-1]).tolist()]
    given = make(
        tmp_path / "in.mkv",
        frames=len(pts),
        width=32,
        height=24,
        pts=pts,
        tick=Fraction(1, 1000),
        audio=("aac",),
    )
    out, report = tmp_path / "out.mkv", tmp_path / "report.json"
    ran = streamfx("render", "smooth-60", given, out, "-p", "smooth.fps=10", "--report", report)
    assert ran.code == 0, ran.err
    before, after = shown(given), shown(out)
    assert before[-1][0] > 550
    assert after[0][0] == before[0][0]
    assert all(abs(at - round(at * 10) / Fraction(10)) <= Fraction(1, 2000) for at, _ in after)
    assert abs((after[-1][0] + after[-1][1]) - (before[-1][0] + before[-1][1])) < Fraction(1, 10)
    assert abs(json.loads(report.read_text("utf-8"))["sync"]["last"]["seconds"]) < 0.1


def test_animation_on_twos_moves_in_every_frame(tmp_path: Path) -> None:
    given = tmp_path / "twos.mkv"
    with av.open(str(given), "w") as file:
        stream = file.add_stream("libx264", 24, options={"crf": "14"})
        stream.width, stream.height, stream.pix_fmt = 192, 144, "yuv420p"
        page = texture()
        for at in range(12):
            drawn = shifted(page, 8 * (at // 2), 0, (144, 192)).permute(1, 2, 0).numpy()
            codes = np.ascontiguousarray((drawn * 255).astype(np.uint8))
            file.mux(stream.encode(av.VideoFrame.from_ndarray(codes, format="rgb24")))
        file.mux(stream.encode(None))
    out = tmp_path / "out.mkv"
    assert main(["render", "anime-smooth", str(given), str(out), "--quiet"]) == 0
    pictures = filmed(out, 24)
    assert len(pictures) == 24
    for at in range(20):
        truth = shifted(page, 2 * at, 0, (144, 192))
        assert psnr(pictures[at], truth) > 28, at


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("smooth.fps=fast", "a rate is a number or a fraction"),
        ("smooth.fps=0", "a rate must be above 0"),
        ("smooth.factor=17", "be at most 16 x, got 17"),
        ("smooth.cut=2", "be at most 1"),
        ("smooth.repeats=some", "hold"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(change: str, said: str, tmp_path: Path) -> None:
    given = make(tmp_path / "in.mp4", frames=3)
    ran = streamfx("render", "smooth-2x", given, tmp_path / "out.mp4", "-p", change)
    assert ran.code == 2
    assert ran.err.count("\n") == 1 and said in ran.err
    assert not (tmp_path / "out.mp4").exists()


def test_one_frame_and_rates_below_the_source_are_rendered_and_said(tmp_path: Path) -> None:
    one = make(tmp_path / "one.mp4", frames=1)
    ran = streamfx("render", "smooth-2x", one, tmp_path / "out.mp4")
    assert ran.code == 0 and len(shown(tmp_path / "out.mp4")) == 2
    many = make(tmp_path / "many.mp4", frames=25)
    ran = streamfx("render", "smooth-60", many, tmp_path / "slow.mp4", "-p", "smooth.fps=12")
    assert ran.code == 0 and len(shown(tmp_path / "slow.mp4")) == 12
    assert "12 is below the 25 frames/s that come in" in ran.out
