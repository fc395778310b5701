"""What must hold for every node. A new node gets a row in the table, or the first test fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given, settings

from streamfx import Frame, GraphError, Node, VideoInfo
from streamfx.catalog import Catalog
from streamfx.engine.flow import Flow
from streamfx.graph.build import Pipeline, Step
from streamfx.graph.plan import Plan, plan
from streamfx.models.store import ModelStore
from streamfx.testing import context, info_of, noise, run
from tests.networks import examples

CATALOG = Catalog.shipped()
VIDEO, PHOTO, BEFORE_PLATE, BETWEEN = examples()
CURVE = str(files("streamfx.presets") / "film-curve.cube")


@dataclass(frozen=True)
class Case:
    """One way to use a node."""

    node: str
    """Its id."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """Its parameters."""
    inputs: Mapping[str, Sequence[Frame]] = field(default_factory=dict)
    """What comes in beside the driving frames."""

    def make(self) -> Node:
        return CATALOG[self.node](**self.params)

    def __str__(self) -> str:
        given = {k: Path(v).name if k == "model" else v for k, v in self.params.items()}
        return f"{self.node}({', '.join(f'{k}={v}' for k, v in given.items() if v != CURVE)})"


SCENE = {"background": noise(1, size=(17, 40), seed=9)}
MOVING = {"background": noise(12, size=(24, 32), seed=9, fps=7)}
PLATE = {"plate": noise(1, size=(24, 32), seed=9)}
TRIMAP = {"trimap": noise(1, size=(24, 32), seed=9)}
GLASS = {"background": noise(1, size=(24, 32), seed=9, alpha=True)}

CASES = [
    Case("adjust.exposure"),
    Case("adjust.exposure", {"stops": 0.7}),
    Case("adjust.lut", {"file": CURVE}),
    Case("adjust.lut", {"file": CURVE, "strength": 0.5}),
    Case("compose.blur"),
    Case("compose.blur", {"radius": 1.5}),
    Case("compose.colour", {"colour": "#336699"}),
    Case("compose.over", {}, SCENE),
    Case("compose.over", {"feather": 3, "opacity": 0.8, "fit": "fit"}, MOVING),
    Case("compose.over", {"fit": "stretch", "blur": 3.0}, GLASS),
    Case("compose.over", {"colour": "#336699", "feather": 2}),
    Case("compose.over", {"blur": 4.0, "linear": True}),
    Case("compose.over", {"blur": 9.0, "opacity": 0.7}),
    Case("compose.over", {"match": 0.8, "wrap": 0.5, "linear": True}, MOVING),
    Case("geometry.crop", {"aspect": "1:1"}),
    Case("geometry.crop", {"left": 1, "top": 3, "width": 7, "height": 5}),
    Case("geometry.resize", {"scale": 0.5}),
    Case("geometry.resize", {"width": 31, "height": 63, "fit": "pad", "filter": "area"}),
    Case("geometry.resize", {"width": 50, "height": 20, "fit": "fill", "filter": "bicubic"}),
    Case("geometry.resize", {"height": 9, "filter": "nearest"}),
    Case("interpolate.blend"),
    Case("interpolate.blend", {"factor": 5}),
    Case("interpolate.flow"),
    Case("interpolate.flow", {"factor": 3, "cut": 0.0, "repeats": "retime"}),
    Case("interpolate.flow", {"fps": "24000/1001", "overlays": False}),
    Case("interpolate.neural"),
    Case("interpolate.neural", {"factor": 3, "scale": "1/2", "repeats": "retime"}),
    Case("interpolate.onnx", {"model": BETWEEN}),
    Case("interpolate.rife"),
    Case("matting.chroma"),
    Case(
        "matting.chroma",
        {"screen": "#a08040", "shrink": 2, "keep": "0.1,0,1,1", "spill": 0.5, "tolerance": 0.4},
    ),
    Case("matting.clean_plate", {"people": "ignore"}),
    Case("matting.difference", {}, PLATE),
    Case(
        "matting.difference",
        {"shadows": 0.0, "shrink": 2, "smooth": 0.0},
        {"plate": MOVING["background"]},
    ),
    Case("matting.matte"),
    Case("matting.onnx", {"model": VIDEO}),
    Case("matting.onnx", {"model": PHOTO}),
    Case("matting.onnx", {"model": BEFORE_PLATE}, PLATE),
    Case("matting.plate", {}, PLATE),
    Case("matting.portrait"),
    Case("matting.portrait", {"search": "fast", "detail": 128, "decontaminate": False}),
    Case("matting.refine"),
    Case("matting.trimap", {}, TRIMAP),
    Case("retime.dedupe"),
    Case("retime.dedupe", {"look": False}),
    Case("retime.shutter", {"frames": 4}),
    Case("retime.shutter", {"frames": 2, "angle": 270.0}),
    Case("retime.shutter", {"fps": "5", "angle": 360.0}),
    Case("retime.speed"),
    Case("retime.speed", {"speed": 0.25}),
    Case("retime.speed", {"speed": 3.0, "sound": "mute"}),
]


def _missing(case: Case) -> str:
    """Return a model that a case wants and that is not here, or nothing; tests pull none."""
    store = ModelStore.installed(offline=True)
    return next((name for name in case.make().wants() if not store.here(name)), "")


every_case = pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case,
            id=str(case),
            marks=pytest.mark.skipif(bool(name := _missing(case)), reason=f"no model {name} here"),
        )
        for case in CASES
    ],
)
every_node = pytest.mark.parametrize("name", list(CATALOG))
with_and_without_alpha = pytest.mark.parametrize("alpha", [False, True], ids=["rgb", "rgba"])


class Rig:
    """A node in a graph of its own, to be fed one frame at a time."""

    def __init__(self, case: Case, frames: Sequence[Frame]) -> None:
        node = case.make()
        self.made: list[Any] = []
        self.driver, *_ = node.inputs
        feeds = {port: f"input.{port}" for port in (self.driver, *case.inputs)}
        kinds = {feed: node.inputs[port].type for port, feed in feeds.items()}
        pipeline = Pipeline("rig", (Step("it", "it", node, feeds),), {"video": "it.out"}, kinds)
        infos = {feeds[port]: info_of(items) for port, items in case.inputs.items()}
        self.plan: Plan = plan(pipeline, {feeds[self.driver]: info_of(frames)} | infos)
        self.flow = Flow(pipeline, self.plan, context(), lambda _, item: self.made.append(item))
        for port, items in case.inputs.items():
            self.flow.push(feeds[port], items)
            self.flow.end(feeds[port])

    def push(self, frame: Frame) -> None:
        self.flow.push(f"input.{self.driver}", [frame])


def outputs(case: Case, frames: Sequence[Frame], node: Node | None = None) -> list[Frame]:
    node = node or case.make()
    driver, *_ = node.inputs
    made: list[Frame] = run(node, **{driver: frames}, **case.inputs)
    return made


def same(left: Sequence[Frame], right: Sequence[Frame]) -> bool:
    return len(left) == len(right) and all(
        (a.pts, a.duration) == (b.pts, b.duration) and a.image.equal(b.image)
        for a, b in zip(left, right, strict=True)
    )


def spread(frames: Sequence[Frame], durations: Sequence[Fraction]) -> list[Frame]:
    """Return the frames one after the other, each for its own while."""
    pts = Fraction(0)
    made = []
    for frame, duration in zip(frames, durations, strict=True):
        made.append(frame.at(pts, duration))
        pts += duration
    return made


def test_every_node_is_in_the_table() -> None:
    assert {case.node for case in CASES} == set(CATALOG)


@every_case
def test_time_grows_and_nothing_is_lost(case: Case) -> None:
    frames = noise(5)
    out = outputs(case, frames)
    assert all(a.pts < b.pts for a, b in pairwise(out))
    assert all(f.duration > 0 for f in out)
    assert out[0].pts == frames[0].pts
    speed = Rig(case, frames).plan.video.speed
    assert sum(f.duration for f in out) * speed == sum(f.duration for f in frames)


@every_case
@settings(max_examples=10, deadline=None)
@given(st.lists(st.fractions(Fraction(1, 1000), 3, max_denominator=90000), min_size=1, max_size=6))
def test_a_variable_rate_stays_as_it_is(case: Case, durations: list[Fraction]) -> None:
    frames = spread(noise(len(durations), size=(6, 8)), durations)
    try:
        rig = Rig(case, frames)
    except GraphError:
        return  # too small for this one's parameters
    for frame in frames:
        rig.push(frame)
    rig.flow.end(f"input.{rig.driver}")
    speed = rig.plan.video.speed
    rig.made = [frame.at(frame.pts * speed, frame.duration * speed) for frame in rig.made]
    ratio = rig.plan.video.fps / speed / info_of(frames).fps  # type: ignore[union-attr]  # frames go in
    if ratio < 1 or "fps" in case.params:  # many become one, or it was asked for another rate
        assert (rig.made[0].pts, rig.made[-1].end) == (frames[0].pts, frames[-1].end)
        return
    by = int(ratio)
    assert [f.pts for f in rig.made[::by]] == [f.pts for f in frames]
    assert all(a.end == b.pts for a, b in pairwise(rig.made))
    assert rig.made[-1].end == frames[-1].end


@every_case
@with_and_without_alpha
def test_what_comes_out_is_what_was_planned(case: Case, alpha: bool) -> None:
    frames = noise(4, alpha=alpha)
    rig = Rig(case, frames)
    for frame in frames:
        rig.push(frame)
    rig.flow.end(f"input.{rig.driver}")
    video = rig.plan.video
    assert {(f.width, f.height) for f in rig.made} == {(video.width, video.height)}
    assert {f.alpha for f in rig.made} == {video.alpha}
    last = rig.made[-1].duration
    assert {f.duration for f in rig.made} - {last} <= {1 / video.fps}
    assert last == 1 / video.fps or ("fps" in case.params and last < 1 / video.fps)
    assert video.frames in (None, len(rig.made))


@every_case
def test_latency_is_as_planned(case: Case) -> None:
    frames = noise(6)
    rig = Rig(case, frames)
    counts = []
    for frame in frames:
        rig.push(frame)
        counts.append(len(rig.made))
    held = rig.plan.held_back["it"]
    if case.params.get("repeats") == "retime":  # noise repeats nothing: it waits less than it might
        assert all(counts[held:])
    else:
        assert [bool(count) for count in counts] == [i >= held for i in range(6)]
    assert rig.plan.latency == held / Fraction(10)


@every_case
@with_and_without_alpha
def test_nobody_writes_into_what_comes_in(case: Case, alpha: bool) -> None:
    frames = noise(3, alpha=alpha)
    before = [frame.image.clone() for frame in frames]
    beside = {port: [f.image.clone() for f in items] for port, items in case.inputs.items()}
    outputs(case, frames)
    assert all(f.image.equal(image) for f, image in zip(frames, before, strict=True))
    for port, images in beside.items():
        there = case.inputs[port]
        assert all(f.image.equal(image) for f, image in zip(there, images, strict=True))


@every_case
def test_a_node_runs_twice_the_same(case: Case) -> None:
    frames = noise(4, alpha=True)
    node = case.make()
    first = outputs(case, frames, node)
    assert same(first, outputs(case, frames, node))
    assert same(first, outputs(case, frames, node.fresh()))


@every_case
def test_after_a_cut_nothing_is_left_of_the_shot_before(case: Case) -> None:
    frames = noise(6)
    frames[3] = frames[3].marked(cut=True)
    out = outputs(case, frames)
    cut = frames[3].pts / Rig(case, frames).plan.video.speed
    assert same([f for f in out if f.pts < cut], outputs(case, frames[:3]))
    assert same([f for f in out if f.pts >= cut], outputs(case, frames[3:]))


@every_case
@with_and_without_alpha
def test_pictures_stay_finite_and_in_range(case: Case, alpha: bool) -> None:
    for frame in outputs(case, noise(2, alpha=alpha)):
        assert frame.image.isfinite().all()
        assert frame.image.min() >= 0
        assert frame.image.max() <= 1


@every_case
def test_a_batch_is_its_frames_one_by_one(case: Case) -> None:
    node = case.make()
    if not node.stateless or case.inputs:
        assert node.batch_size == 1
        return
    frames = noise(3)
    info = info_of(frames)
    assert isinstance(info, VideoInfo)
    node.plan(info)
    node.open(context(info=info))
    with torch.inference_mode():
        assert same(node.batch(frames), [node.process(frame) for frame in frames])
    node.close()


@every_case
@with_and_without_alpha
@settings(max_examples=12, deadline=None)
@given(high=st.integers(1, 19), wide=st.integers(1, 19))
def test_any_size_works_or_is_refused_by_the_plan(
    case: Case, alpha: bool, high: int, wide: int
) -> None:
    frames = noise(2, size=(high, wide), alpha=alpha)
    try:
        rig = Rig(case, frames)
    except GraphError as exc:
        assert f"{wide}x{high}" in str(exc)
        return
    for frame in frames:
        rig.push(frame)
    rig.flow.end(f"input.{rig.driver}")
    assert rig.made
    assert all(frame.image.isfinite().all() for frame in rig.made)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@every_case
def test_a_gpu_gives_what_the_cpu_gives(case: Case) -> None:
    device = torch.device("cuda")
    frames = noise(3, alpha=True)
    node = case.make()
    driver, *_ = node.inputs
    moved = {
        port: [f.showing(f.image.to(device)) for f in items]
        for port, items in {driver: frames, **case.inputs}.items()
    }
    for ours, theirs in zip(
        outputs(case, frames), run(node, context(device=device), **moved), strict=True
    ):
        assert theirs.image.device.type == device.type
        torch.testing.assert_close(theirs.image.cpu(), ours.image, atol=1 / 255, rtol=0)


@every_node
def test_a_node_says_what_it_is_for(name: str) -> None:
    first, *_ = (CATALOG[name].__doc__ or "").split("\n\n")
    assert first.endswith(".")
    assert first[0].isupper()


@every_node
def test_every_parameter_says_what_it_does(name: str) -> None:
    properties = CATALOG[name].model_json_schema()["properties"]
    for param, schema in properties.items():
        assert schema.get("description", "").endswith("."), f"{param} has no help"
        if schema.get("type") in ("integer", "number"):
            assert schema.get("unit"), f"{param} has no unit"
            low, high = ("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")
            assert any(key in schema for key in low), f"{param} has no lower bound"
            pixels = schema["unit"] == "px"  # may be as many as the picture has
            assert pixels or any(key in schema for key in high), f"{param} has no upper bound"


@every_node
def test_defaults_alone_make_a_node(name: str) -> None:
    cls = CATALOG[name]
    required = {key: CURVE for key, value in cls.model_fields.items() if value.is_required()}
    node = cls(**required)
    for key, value in cls.model_fields.items():
        if not value.is_required():
            setattr(node, key, getattr(node, key))  # every default is inside its own bounds
