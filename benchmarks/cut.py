"""Cut people out of pictures: by a node, or by MediaPipe."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import mediapipe_peer
import torch
from people import Floats, Picture, Shot, codes

from streamfx import Context, Frame
from streamfx.catalog import Catalog
from streamfx.engine.flow import Flow
from streamfx.frame import SDR, Timed
from streamfx.graph.build import Pipeline, build
from streamfx.graph.plan import plan
from streamfx.graph.spec import VIDEO, GraphSpec, NodeSpec
from streamfx.models.shared import SharedModels
from streamfx.models.store import ModelStore
from streamfx.testing import info_of

STEP = Fraction(1, 25)
MODELS = SharedModels(ModelStore.installed())
AT_ONCE = 64
"""Pictures for which MediaPipe is started once."""


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """What was cut out of the pictures of one shot."""

    alphas: list[Floats]
    """``(H, W)`` of each picture."""
    colours: Sequence[Picture]
    """What to paste elsewhere with these alphas."""
    ms: float
    """Milliseconds a picture: the median, on two cores."""


def by_node(use: str, shot: Shot) -> Cut:
    """Run a node over the pictures of a shot, one after the other; it knows nothing before."""
    alphas: list[Floats] = []
    colours: list[Picture] = []

    def keep(_: str, item: Timed) -> None:
        assert isinstance(item, Frame) and item.alpha
        image = item.image.cpu().numpy()
        alphas.append(image[3].copy())
        colours.append(codes(image[:3]))

    flow = running(alone(use), frame_of(shot.pictures[0], 0), keep)
    spent = []
    for at, picture in enumerate(shot.pictures):
        frame = frame_of(picture, at)
        began = time.perf_counter()
        flow.push(VIDEO, [frame])
        spent.append(time.perf_counter() - began)
    flow.end(VIDEO)
    flow.close()
    assert len(alphas) == len(shot.pictures), "a matting node gives a picture for each"
    return Cut(alphas, colours, statistics.median(spent) * 1000)


def by_mediapipe(shots: Iterable[Shot]) -> Iterator[tuple[Shot, dict[str, Cut]]]:
    """Yield every shot with what each of MediaPipe's models makes of it, picture by picture."""
    for batch in _batches(shots):
        named = {
            f"{i}-{at}": picture
            for i, shot in enumerate(batch)
            for at, picture in enumerate(shot.pictures)
        }
        made = {model: mediapipe_peer.segment(named, model) for model in mediapipe_peer.MODELS}
        for i, shot in enumerate(batch):
            yield (
                shot,
                {
                    model: Cut(
                        [seen.masks[f"{i}-{at}"] for at in range(len(shot.pictures))],
                        shot.pictures,
                        statistics.median(seen.ms),
                    )
                    for model, seen in made.items()
                },
            )


def frame_of(picture: Picture, at: int) -> Frame:
    """Return a picture as the frame of that number."""
    image = torch.from_numpy(picture).permute(2, 0, 1).contiguous().to(torch.float32) / 255
    return Frame(image, at * STEP, STEP, SDR)


def running(
    pipeline: Pipeline,
    first: Frame,
    keep: Callable[[str, Timed], None],
    device: torch.device | None = None,
) -> Flow:
    """Return a pipeline of one input, ready for pictures such as the first."""
    info = info_of([first])
    ctx = Context(device or torch.device("cpu"), torch.float32, MODELS, info)
    return Flow(pipeline, plan(pipeline, dict.fromkeys(pipeline.inputs, info)), ctx, keep)


def alone(use: str) -> Pipeline:
    """Return a node as a pipeline."""
    return build(GraphSpec("one node", (NodeSpec("it", use),)), Catalog.shipped())


def _batches(shots: Iterable[Shot]) -> Iterator[list[Shot]]:
    batch: list[Shot] = []
    for shot in shots:
        batch.append(shot)
        if sum(len(held.pictures) for held in batch) >= AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch
