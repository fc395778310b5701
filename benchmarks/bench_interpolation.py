"""Frames between frames, against what was filmed there: beside FFmpeg, a plain warp and fading."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import cv2
import minterpolate
import numpy as np
import torch
import triplets
from cut import MODELS, frame_of
from people import FOOTAGE, Picture, codes, frames
from triplets import score

import streamfx
from streamfx import Context, Frame
from streamfx.catalog import Catalog
from streamfx.testing import info_of, run

Method = Callable[[triplets.Known], Sequence[Picture]]
"""Makes as many pictures between two as are known there."""
Marks = Mapping[str, Mapping[str, tuple[float, float]]]
"""By method and kind of frames, PSNR in dB and SSIM."""

ABOVE = {"interpolate.flow": 1.5, "interpolate.neural": 2.5}
"""Decibels that a node has to be above FFmpeg's minterpolate."""
FASTER = {"interpolate.flow": 8.0, "interpolate.neural": 2.0}
"""How many times faster it has to be."""
_HD, _ROUNDS = (1280, 720), 3
_PRESETS = {
    "DIS ultrafast": cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST,
    "DIS fast": cv2.DISOPTICAL_FLOW_PRESET_FAST,
    "DIS medium": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
}
_CLIP = FOOTAGE / "matting" / "more" / "clips" / "man_ball_garden_720p.mp4"


def blend(known: triplets.Known) -> list[Picture]:
    """Fade one into the other."""
    first, second = known.first, known.second
    return [cv2.addWeighted(first, 1 - share, second, share, 0) for share in known.shares]


def ffmpeg(known: triplets.Known) -> list[Picture]:
    """Ask FFmpeg's minterpolate, which also sees the neighbours of the two frames."""
    ends, factor = [known.first, known.second], len(known.between) + 1
    return minterpolate.between(ends, factor, known.before, known.after)


def plain(known: triplets.Known) -> list[Picture]:
    """Warp both along flow by dense inverse search, OpenCV's preset medium, and take the mean."""
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    first, second = known.first, known.second
    greys = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (first, second)]
    forth, back = search.calc(*greys, None), search.calc(*greys[::-1], None)  # type: ignore[call-overload]  # no guess
    made = []
    for share in known.shares:
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

    def method(known: triplets.Known) -> list[Picture]:
        given = [frame_of(picture, at) for at, picture in enumerate((known.first, known.second))]
        factor = len(known.between) + 1
        options = {"cut": 0.0, "overlays": False} if "cut" in kind.model_fields else {}
        ctx = Context(torch.device("cpu"), torch.float32, MODELS, info_of(given))
        made: list[Frame] = run(kind(factor=factor, **options), ctx, frame=given)
        return [codes(frame.image.numpy()) for frame in made[1:factor]]

    return method


def measured(asked: Mapping[str, Method], known: Iterable[triplets.Known]) -> Marks:
    """Return what every method reaches: the mean over the frames of each kind."""
    marks: dict[str, dict[str, list[tuple[float, float]]]] = {name: {} for name in asked}
    for each in known:
        for name, method in asked.items():
            pairs = zip(method(each), each.between, strict=True)
            marks[name].setdefault(each.kind, []).extend(score(a, b) for a, b in pairs)
    return {
        name: {kind: (_mean(pairs, 0), _mean(pairs, 1)) for kind, pairs in by_kind.items()}
        for name, by_kind in marks.items()
    }


def show(marks: Marks) -> None:
    """Print PSNR and SSIM of every method on every kind, and their means over the kinds."""
    kinds = list(next(iter(marks.values())))
    print(f"{'PSNR dB / SSIM':20}" + "".join(f"{kind:>18}" for kind in [*kinds, "mean"]))
    for name, by_kind in marks.items():
        cells = [*by_kind.values(), (_mean(by_kind.values(), 0), _mean(by_kind.values(), 1))]
        print(f"{name:20}" + "".join(f"{a:10.2f} / {b:.3f}" for a, b in cells))


def judge(marks: Marks) -> None:
    """Print whether the nodes are as far above minterpolate as they have to be."""
    means = {name: _mean(by_kind.values(), 0) for name, by_kind in marks.items()}
    for name, bar in ABOVE.items():
        if name in means and "minterpolate" in means:
            above = means[name] - means["minterpolate"]
            told = f"{above:+.2f} dB beside minterpolate, bar {bar:+.1f}"
            print(f"  {_verdict(above >= bar)} {name}: {told}")
    if all(name in means for name in ABOVE):
        flow, neural = (marks[name] for name in ABOVE)
        worse = [kind for kind in flow if neural[kind][0] < flow[kind][0]]
        told = ", ".join(worse) or "no kind"
        print(f"  {_verdict(not worse)} interpolate.neural below interpolate.flow on {told}")


def tables(asked: Mapping[str, Method], sets: Sequence[Iterable[triplets.Known]]) -> None:
    """Print a table for each set of frames that has any, and how all kinds together are judged."""
    all_: dict[str, dict[str, tuple[float, float]]] = {name: {} for name in asked}
    shown = 0
    for known in sets:
        marks = measured(asked, known)
        if any(marks.values()):
            show(marks)
            judge(marks)
            shown += 1
            for name, by_kind in marks.items():
                all_[name].update(by_kind)
    if shown > 1:
        print(f"mean of all {len(next(iter(all_.values())))} kinds")
        for name, by_kind in all_.items():
            print(f"{name:20}{_mean(by_kind.values(), 0):10.2f} / {_mean(by_kind.values(), 1):.3f}")
        judge(all_)
    if not shown:
        print("there are no frames of these kinds, or no methods by these names")


def _mean(pairs: Iterable[tuple[float, float]], of: int) -> float:
    return statistics.fmean(pair[of] for pair in pairs)


def _verdict(met: bool) -> str:
    return "pass" if met else "FAIL"


def speed(names: Sequence[str]) -> None:
    """Print how long each takes for a new frame of 1280 x 720: medians, in turn.

    Beside them, OpenCV's flow in both directions, which alone makes no frame.
    """
    pictures = [cv2.resize(p, _HD) for p in frames(_CLIP, 8)]
    spent: dict[str, list[float]] = {name: [] for name in ("minterpolate", *_PRESETS, *names)}
    for _ in range(_ROUNDS):
        few, many = (_whole(pictures[:count]) for count in (3, len(pictures)))
        spent["minterpolate"].append((many - few) / (len(pictures) - 3))
        for name, preset in _PRESETS.items():
            spent[name].append(_searched(preset, pictures))
        for name in names:
            spent[name].append(_each(name, pictures))
    peer = statistics.median(spent["minterpolate"])
    for name, seconds in spent.items():
        mine = statistics.median(seconds)
        line = f"{name:20} {mine * 1000:7.0f} ms, {1 / mine:6.2f} a second, "
        line += f"{peer / mine:5.1f} x minterpolate"
        if name in FASTER:
            line += f", bar {FASTER[name]:.0f} x: {_verdict(peer / mine >= FASTER[name])}"
        print(line)


def _whole(pictures: Sequence[Picture]) -> float:
    """Return the seconds that minterpolate needs for some pictures, and for what it asks beside."""
    began = time.perf_counter()
    minterpolate.between(pictures)
    return time.perf_counter() - began


def _searched(preset: int, pictures: Sequence[Picture]) -> float:
    """Return the seconds that OpenCV needs for flow between two pictures, forth and back."""
    search = cv2.DISOpticalFlow.create(preset)
    greys = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in pictures]
    began = time.perf_counter()
    for one, two in pairwise(greys):
        search.calc(one, two, None)  # type: ignore[call-overload]  # no guess
        search.calc(two, one, None)  # type: ignore[call-overload]  # no guess
    return (time.perf_counter() - began) / (len(greys) - 1)


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


def methods(only: Sequence[str]) -> dict[str, Method]:
    """Return the methods by name; nodes that the catalog has not are told and left out."""
    known: dict[str, Method] = {"blend": blend, "minterpolate": ffmpeg, "DIS": plain}
    for name in dict.fromkeys([*ABOVE, *only]):
        if name in Catalog.shipped():
            known[name] = by_node(name)
        elif name not in known:
            print(f"{name} is left out: the catalog does not have it")
    return {name: method for name, method in known.items() if not only or name in only}


def main() -> None:
    """Print the tables."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--only", nargs="+", default=[], help="kinds: davis, ucf101, '60fps x2' ...")
    ask.add_argument("--methods", nargs="+", default=[], help="blend, minterpolate, DIS, node ids")
    ask.add_argument("--folder", type=Path, default=FOOTAGE / "interpolation")
    ask.add_argument("--part", choices=["triplets", "films", "speed"], action="append")
    ask.add_argument("--speed", action="append_const", dest="part", const="speed")
    given = ask.parse_args()
    asked = methods(given.methods)
    print(
        f"streamfx {streamfx.__version__}; the middle frame, or all between, against the true one"
    )
    parts = given.part or ["triplets", "films", "speed"]
    if parts != ["speed"]:
        known = {"films": triplets.films(given.only)}
        known["triplets"] = triplets.triplets(given.folder, given.only)
        tables(asked, [known[part] for part in ("triplets", "films") if part in parts])
    if "speed" in parts:
        speed([name for name in asked if name in Catalog.shipped()])


if __name__ == "__main__":
    main()
