"""Every preset that ships can be used."""

from fractions import Fraction
from typing import Any

import pytest

from streamfx import VideoInfo
from streamfx.catalog import Catalog
from streamfx.engine.flow import Flow
from streamfx.frame import Frame
from streamfx.graph.build import build
from streamfx.graph.plan import Plan, plan
from streamfx.graph.preset import load, parse, shipped, write
from streamfx.testing import context, noise

CATALOG = Catalog.shipped()
SOURCE = VideoInfo(640, 360, Fraction(25), frames=100)

every_preset = pytest.mark.parametrize("name", shipped())


def planned(name: str, source: VideoInfo = SOURCE) -> Plan:
    pipeline = build(load(name), CATALOG)
    return plan(pipeline, {feed: source for feed, kind in pipeline.inputs.items() if kind is Frame})


@every_preset
def test_a_preset_is_planned_without_anything_more(name: str) -> None:
    video = planned(name).video
    assert (video.width % 2, video.height % 2) == (0, 0)
    assert video.pixel_aspect == 1


@every_preset
def test_a_preset_is_written_as_it_was_read(name: str) -> None:
    spec = load(name)
    assert parse(write(spec), folder=spec.folder) == spec


@every_preset
def test_a_preset_runs(name: str) -> None:
    pipeline = build(load(name), CATALOG)
    frames = noise(2, size=(36, 64), fps=25, alpha=True)
    source = VideoInfo(64, 36, Fraction(25), alpha=True, frames=2)
    laid = plan(pipeline, dict.fromkeys(pipeline.inputs, source))
    made: list[Any] = []
    flow = Flow(pipeline, laid, context(), lambda _, item: made.append(item))
    for feed in pipeline.inputs:
        flow.push(feed, frames)
        flow.end(feed)
    flow.close()
    assert len(made) == laid.video.frames
    assert {(f.width, f.height) for f in made} == {(laid.video.width, laid.video.height)}


def test_every_first_node_has_a_preset_that_shows_it() -> None:
    used = {node.use for name in shipped() for node in load(name).nodes}
    first = {f"adjust.{n}" for n in ("exposure", "lut")}
    first |= {f"compose.{n}" for n in ("blur", "colour", "over")}
    first |= {"geometry.crop", "geometry.resize", "interpolate.blend", "matting.difference"}
    assert first <= used


@every_preset
def test_a_name_is_lower_case_with_dashes(name: str) -> None:
    assert name == name.lower().replace("_", "-").replace(" ", "-")


def test_titles_are_one_line_each_and_differ() -> None:
    titles = [load(name).title for name in shipped()]
    assert len(set(titles)) == len(titles)
    assert all(title[0].isupper() and not title.endswith(".") for title in titles)


def test_identity_has_no_node() -> None:
    assert load("identity").nodes == ()
    assert planned("identity").video == SOURCE


@pytest.mark.parametrize(
    ("name", "inputs"),
    [("plate-background", ("plate", "background")), ("plate-blur", ("plate",))],
)
def test_a_plate_is_asked_for_by_name(name: str, inputs: tuple[str, ...]) -> None:
    asked = {f"input.{asked}" for asked in inputs}
    assert set(build(load(name), CATALOG).inputs) == {"input.video", *asked}
    assert not planned(name).video.alpha


def test_slow_motion_lasts_as_long_as_its_name_says_and_is_heard() -> None:
    video = planned("slow-motion-4x").video
    assert (video.speed, video.frames, video.muted) == (Fraction(1, 4), 400, False)


@pytest.mark.parametrize(
    ("name", "size", "by"),
    [
        ("half-size", (320, 180), 1),
        ("hd-720", (1280, 720), 1),
        ("square", (1080, 1080), 1),
        ("smooth-2x", (640, 360), 2),
        ("slow-motion-4x", (640, 360), 1),
        ("film-motion-blur", (640, 360), 1),
        ("demo", (1280, 720), 2),
    ],
)
def test_a_preset_does_what_its_title_says(name: str, size: tuple[int, int], by: int) -> None:
    video = planned(name).video
    assert (video.width, video.height) == size
    assert video.fps == SOURCE.fps * by
