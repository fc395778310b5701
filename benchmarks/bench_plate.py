"""matting.plate on composites of true alphas over plates of real scenes, against its peers.

Peers are ``matting.portrait`` (where it is built), a plain difference key (the largest difference
of a channel, put through the ramp that suits all pictures of the table best) and
``matting.difference``. Each shot is a single picture: nobody has seen a frame before it.

    python benchmarks/bench_plate.py FOOTAGE [--quality fast] [--pictures N] [--out FOLDER]

``--out`` writes each matte composited over another colour, at 100 %, to be looked at.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Literal, TypeAlias

import cv2
import numpy as np
import torch
from plate_shots import VARIANTS, Case, Image, cases, shot

from streamfx import Frame, Node
from streamfx.nodes.matting import Difference
from streamfx.nodes.matting.plate import Plate
from streamfx.nodes.matting.portrait import Portrait
from streamfx.testing import context
from streamfx.train import scores

_LOW, _HIGH = (0.02, 0.04, 0.07, 0.1, 0.15), (0.06, 0.1, 0.2, 0.3)
RAMPS = [(low, high) for low in _LOW for high in _HIGH if high > low]
"""Where the difference key's alpha begins, and where it is 1."""


Found: TypeAlias = "defaultdict[tuple[str, str], defaultdict[str, defaultdict[str, list[float]]]]"
"""Values by kind and measure, then node, then trouble."""
Ramps: TypeAlias = "defaultdict[tuple[float, float], defaultdict[tuple[str, str], list[float]]]"
"""Values by ramp, then kind and trouble."""


def frame(image: Image) -> Frame:
    """Return a picture ``(H, W, 3)`` as a frame."""
    planes = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1).contiguous()
    return Frame(planes, Fraction(0), Fraction(1, 25))


def made(node: Node, picture: Image, *plate: Image) -> tuple[Image, float]:
    """Return what a node makes of one picture, ``(H, W, 4)``, and in how many seconds."""
    node.open(context())
    begun = time.perf_counter()
    out = node.process(frame(picture), *map(frame, plate)).image
    return out.permute(1, 2, 0).numpy(), time.perf_counter() - begun


def keys(picture: Image, plate: Image) -> dict[tuple[float, float], Image]:
    """Return the mattes of a difference key, one for each ramp."""
    off = np.abs(picture - plate).max(-1)
    return {(lo, hi): np.clip((off - lo) / (hi - lo), 0, 1) for lo, hi in RAMPS}


def table(title: str, rows: Mapping[str, Mapping[str, list[float]]], unit: float) -> None:
    """Print the means of one measure: a row for each node, a column for each trouble."""
    print(f"\n{title:24s}" + "".join(f"{v:>10s}" for v in (*VARIANTS, "mean")))
    for name, row in rows.items():
        means = [float(np.mean(row[v])) * unit for v in VARIANTS]
        print(f"{name:24s}" + "".join(f"{m:10.2f}" for m in (*means, np.mean(means))))


def compare(items: list[Case], quality: Literal["fast", "best"], folder: Path | None) -> None:
    """Print the tables: kinds of pictures apart, each measure, each kind of trouble."""
    found: Found = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    ramps: Ramps = defaultdict(lambda: defaultdict(list))
    took = []
    for number, case in enumerate(items):
        for variant in VARIANTS:
            picture, plate = shot(case, variant, number)
            mine, seconds = made(Plate(quality=quality), picture, plate)
            took.append(seconds / picture[..., 0].size)
            mattes = {"matting.plate": mine[..., 3]}
            mattes["matting.difference"] = made(Difference(), picture, plate)[0][..., 3]
            mattes["matting.portrait"] = made(Portrait(), picture)[0][..., 3]
            for name, matte in mattes.items():
                for measure in (scores.mad, scores.sad, scores.gradient):
                    value = measure(matte, case.alpha)
                    found[case.kind, measure.__name__][name][variant].append(value)
            for ramp, matte in keys(picture, plate).items():
                ramps[ramp][case.kind, variant].append(scores.mad(matte, case.alpha))
            if folder is not None:
                store(folder / f"{case.name}-{variant}.png", mine, case)
    best = min(ramps, key=lambda ramp: np.mean([np.mean(x) for x in ramps[ramp].values()]))
    for (kind, name), rows in found.items():
        if name == "mad":
            for v in VARIANTS:
                rows[f"key {best[0]:g} to {best[1]:g}"][v] = ramps[best][kind, v]
        unit = 1000 if name == "mad" else 1
        table(f"{kind}, {name}{' x1000' * (name == 'mad')}", rows, unit)
    milliseconds = np.median(took) * 1280 * 720 * 1000
    print(f"\nmatting.plate, {quality}: {milliseconds:.0f} ms for one picture of 1280x720")


def store(path: Path, mine: Image, case: Case) -> None:
    """Write ours beside the truth, over a colour that neither has."""
    colour = np.array([0.1, 0.7, 0.35], np.float32)
    alpha = case.alpha[..., None]
    ours = mine[..., :3] * mine[..., 3:] + (1 - mine[..., 3:]) * colour
    true = case.colour * alpha + (1 - alpha) * colour
    both = np.hstack([ours, true])[..., ::-1]
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), (np.clip(both, 0, 1) * 255 + 0.5).astype(np.uint8))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("footage", type=Path)
    parser.add_argument("--quality", default="best")
    parser.add_argument("--pictures", type=int, default=100)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    compare(cases(args.footage)[: args.pictures], args.quality, args.out)
