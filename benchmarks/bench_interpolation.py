"""Frames between frames, against what was filmed there: beside FFmpeg, a plain warp and fading."""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import minterpolate
import numpy as np
import torch
import triplets
from cut import MODELS, frame_of
from people import FOOTAGE, Picture, codes, frames

import streamfx
from streamfx import Context, Frame
from streamfx.catalog import Catalog
from streamfx.testing import info_of, run

Method = Callable[[Picture, Picture, int], Sequence[Picture]]
"""Makes ``factor - 1`` pictures between two."""

ABOVE = {"interpolate.flow": 1.5, "interpolate.neural": 2.5}
"""Decibels that a node has to be above FFmpeg's minterpolate."""
FASTER = {"interpolate.flow": 8.0, "interpolate.neural": 2.0}
"""How many times faster it has to be."""
_HD, _ROUNDS = (1280, 720), 3
_CLIP = FOOTAGE / "matting" / "more" / "clips" / "man_ball_garden_720p.mp4"


def blend(first: Picture, second: Picture, factor: int) -> list[Picture]:
    """Fade one into the other."""
    shares = [i / factor for i in range(1, factor)]
    return [cv2.addWeighted(first, 1 - share, second, share, 0) for share in shares]


def ffmpeg(first: Picture, second: Picture, factor: int) -> list[Picture]:
    """Ask FFmpeg's minterpolate."""
    return minterpolate.between([first, second], factor)


def plain(first: Picture, second: Picture, factor: int) -> list[Picture]:
    """Warp both along flow by dense inverse search, OpenCV's preset medium, and take the mean."""
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    greys = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (first, second)]
    forth, back = search.calc(*greys, None), search.calc(*greys[::-1], None)  # type: ignore[call-overload]  # no guess
    made = []
    for i in range(1, factor):
        share = i / factor
        ends = _warped(first, share * back), _warped(second, (1 - share) * forth)
        made.append(cv2.addWeighted(ends[0], 1 - share, ends[1], share, 0))
    return made


def _warped(picture: Picture, flow: Picture) -> Picture:
    row, column = np.mgrid[0 : flow.shape[0], 0 : flow.shape[1]].astype(np.float32)
    places = column + flow[..., 0], row + flow[..., 1]
    edge = cv2.BORDER_REPLICATE
    return cv2.remap(picture, *places, cv2.INTER_LINEAR, borderMode=edge)


def by_node(use: str) -> Method:
    """Return a method that runs a node over two frames."""
    kind = Catalog.shipped()[use]

    def method(first: Picture, second: Picture, factor: int) -> list[Picture]:
        given = [frame_of(picture, at) for at, picture in enumerate((first, second))]
        options = {"cut": 0.0, "overlays": False} if "cut" in kind.model_fields else {}
        ctx = Context(torch.device("cpu"), torch.float32, MODELS, info_of(given))
        made: list[Frame] = run(kind(factor=factor, **options), ctx, frame=given)
        return [codes(frame.image.numpy()) for frame in made[1:factor]]

    return method


def psnr(made: Picture, truth: Picture) -> float:
    """Return the peak signal-to-noise ratio of R'G'B' of 8 bits, in dB."""
    off = float(np.square(made.astype(np.float64) - truth).mean())
    return 10 * math.log10(255**2 / max(off, 1e-6))


def ssim(made: Picture, truth: Picture) -> float:
    """Return the structural similarity of luma (Wang et al. 2004), 11 x 11 Gaussian windows."""
    x, y = (cv2.cvtColor(p, cv2.COLOR_RGB2GRAY).astype(np.float64) for p in (made, truth))

    def mean(z: Picture) -> Picture:
        return cv2.GaussianBlur(z, (11, 11), 1.5)

    a, b = mean(x), mean(y)
    spread = mean(x * x) - a * a + mean(y * y) - b * b
    common = mean(x * y) - a * b
    c, d = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    map_ = (2 * a * b + c) * (2 * common + d) / ((a * a + b * b + c) * (spread + d))
    return float(map_[5:-5, 5:-5].mean())


def quality(methods: dict[str, Method], known: Iterator[triplets.Known]) -> None:
    """Print PSNR and SSIM of every method on every kind, and whether the bars are met."""
    marks: dict[str, dict[str, list[tuple[float, float]]]] = {name: {} for name in methods}
    for each in known:
        for name, method in methods.items():
            made = method(each.first, each.second, len(each.between) + 1)
            pairs = zip(made, each.between, strict=True)
            marks[name].setdefault(each.kind, []).extend((psnr(a, b), ssim(a, b)) for a, b in pairs)
    kinds = list(next(iter(marks.values())))
    print(f"{'PSNR dB / SSIM':20}" + "".join(f"{kind:>18}" for kind in kinds) + f"{'mean':>18}")
    means = {}
    for name, by_kind in marks.items():
        cells = [tuple(np.mean(by_kind[kind], 0)) for kind in kinds]
        cells.append(tuple(np.mean(cells, 0)))
        means[name] = [cell[0] for cell in cells]
        print(f"{name:20}" + "".join(f"{a:10.2f} / {b:.3f}" for a, b in cells))
    for name, bar in ABOVE.items():
        if name in means and "minterpolate" in means:
            above = means[name][-1] - means["minterpolate"][-1]
            print(f"  {name}: {above:+.2f} dB beside minterpolate (bar {bar:+.1f})")
    if all(name in means for name in ABOVE):
        flow, neural = (means[name] for name in ABOVE)
        worse = [kind for kind, a, b in zip(kinds, flow, neural, strict=False) if b < a]
        print(f"  interpolate.neural below interpolate.flow on: {', '.join(worse) or 'no kind'}")


def speed(names: Sequence[str]) -> None:
    """Print how many new frames of 1280 x 720 each makes in a second: medians, in turn."""
    pictures = [cv2.resize(p, _HD) for p in frames(_CLIP, 8)]
    spent: dict[str, list[float]] = {name: [] for name in ("minterpolate", *names)}
    for _ in range(_ROUNDS):
        few, many = (_whole(pictures[:count]) for count in (3, len(pictures)))
        spent["minterpolate"].append((many - few) / (len(pictures) - 3))
        for name in names:
            spent[name].append(_each(name, pictures))
    peer = statistics.median(spent["minterpolate"])
    for name, seconds in spent.items():
        mine = statistics.median(seconds)
        bar = f" (bar {FASTER[name]:.0f})" if name in FASTER else ""
        print(f"{name:20} {1 / mine:6.2f} new frames/s, {peer / mine:5.1f} x minterpolate{bar}")


def _whole(pictures: Sequence[Picture]) -> float:
    """Return the seconds that minterpolate needs for some pictures, and for what it asks beside."""
    began = time.perf_counter()
    minterpolate.between(pictures)
    return time.perf_counter() - began


def _each(name: str, pictures: Sequence[Picture]) -> float:
    """Return the seconds that a node needs for each new frame, once it runs."""
    given = [frame_of(picture, at) for at, picture in enumerate(pictures)]
    node = Catalog.shipped()[name]()
    ctx = Context(torch.device("cpu"), torch.float32, MODELS, info_of(given))
    node.open(ctx)
    for frame in given[:2]:
        list(node.process(frame))
    began = time.perf_counter()
    for frame in given[2:]:
        list(node.process(frame))
    return (time.perf_counter() - began) / (len(given) - 2)


def main() -> None:
    """Print the tables."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("kinds", nargs="*", help="davis, ucf101, breakdance, railway, '60fps x2' ...")
    ask.add_argument("--folder", type=Path, default=FOOTAGE / "interpolation")
    ask.add_argument("--part", choices=["triplets", "films", "speed"], action="append")
    given = ask.parse_args()
    parts = given.part or ["triplets", "films", "speed"]
    nodes = [name for name in ABOVE if name in Catalog.shipped()]
    methods: dict[str, Method] = {"blend": blend, "minterpolate": ffmpeg, "plain DIS warp": plain}
    methods |= {name: by_node(name) for name in nodes}
    print(
        f"streamfx {streamfx.__version__}; the middle frame, or all between, against the true one"
    )
    if "triplets" in parts:
        quality(methods, triplets.triplets(given.folder, given.kinds))
    if "films" in parts:
        quality(methods, triplets.films(given.kinds))
    if "speed" in parts:
        speed(nodes)


if __name__ == "__main__":
    main()
