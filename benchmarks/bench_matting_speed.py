"""How fast a person is cut out on two cores, beside MediaPipe's selfie segmentation alone."""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Sequence

import cv2
import mediapipe_peer
import torch
from cut import alone, frame_of, running
from people import FOOTAGE, Picture, frames

from streamfx.catalog import Catalog
from streamfx.errors import UserError
from streamfx.frame import Timed
from streamfx.graph import preset
from streamfx.graph.build import Pipeline, build
from streamfx.graph.spec import VIDEO

CORES, ROUNDS = 2, 5
HD, FULL_HD, UHD = (1280, 720), (1920, 1080), (3840, 2160)
CLIP = FOOTAGE / "matting" / "woman_plants_720p.mp4"
WARM = 3
"""Frames that are not timed: networks are loaded, kernels chosen."""


def milliseconds(
    pipeline: Pipeline, pictures: Sequence[Picture], count: int, device: torch.device
) -> float:
    """Return how long a frame takes in a graph, from one picture in memory to another."""
    held = [frame_of(picture, 0) for picture in pictures]
    inside = [frame.showing(frame.image.to(device)) for frame in held]
    shown: list[Timed] = []

    def keep(_: str, item: Timed) -> None:
        shown[:] = [item]

    flow = running(pipeline, inside[0], keep, device)
    began = 0.0
    for at in range(WARM + count):
        if at == WARM:
            settle(device)
            began = time.perf_counter()
        frame = inside[at % len(inside)]
        flow.push(VIDEO, [frame.at(at * frame.duration)])
    settle(device)
    spent = time.perf_counter() - began
    flow.close()
    assert shown, "the graph gave nothing"
    return spent / count * 1000


def settle(device: torch.device) -> None:
    """Wait until the device has done what was asked of it."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def sized(pictures: Sequence[Picture], size: tuple[int, int]) -> list[Picture]:
    """Return pictures at another size."""
    return [cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC) for picture in pictures]


def beside_mediapipe(name: str, pictures: Sequence[Picture], device: torch.device) -> None:
    """Time a preset and MediaPipe in turn, and print both."""
    pipeline = build(preset.load(name), Catalog.shipped())
    if wanted := pipeline.named_inputs():
        sys.exit(f"{name} wants {', '.join(wanted)} besides the picture")
    named = {f"{at:03d}": picture for at, picture in enumerate(pictures)}
    ours, peer = [], []
    for _ in range(ROUNDS):
        ours.append(milliseconds(pipeline, pictures, 30, device))
        peer.append(float(statistics.median(mediapipe_peer.segment(named).ms)))
    mine, theirs = statistics.median(ours), statistics.median(peer)
    print(
        f"{name} at 1280x720 without codecs: {1000 / mine:.1f} frames/s, {mine:.1f} ms a frame "
        f"(bar 30 frames/s), median of {ROUNDS} on {device.type}, runs "
        + ", ".join(f"{1000 / one:.1f}" for one in ours)
    )
    print(
        f"  MediaPipe's selfie segmentation alone, on the CPU: {theirs:.1f} ms a frame; "
        f"the graph takes {mine / theirs:.1f} x as long"
    )


def by_size(use: str, pictures: Sequence[Picture], device: torch.device) -> None:
    """Time a node at two sizes in turn, and print how many times longer the larger one takes."""
    pairs = []
    for _ in range(ROUNDS):
        times = [
            milliseconds(alone(use), sized(pictures[:4], size), count, device)
            for size, count in ((FULL_HD, 12), (UHD, 6))
        ]
        pairs.append(times)
    ratio = statistics.median(large / small for small, large in pairs)
    small, large = (statistics.median(pair[i] for pair in pairs) for i in (0, 1))
    print(
        f"{use}: 3840x2160 takes {ratio:.2f} x 1920x1080 (bar 4), {large:.0f} and {small:.0f} ms "
        f"a frame, median of {ROUNDS} on {device.type}"
    )


def main() -> None:
    """Time what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="webcam-blur", help="default webcam-blur")
    parser.add_argument("--node", default="matting.portrait", help="default matting.portrait")
    parser.add_argument("--device", default="cpu", type=torch.device, help="cpu or cuda")
    given = parser.parse_args()
    if not CLIP.exists():
        sys.exit(f"this benchmark needs {CLIP}")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    torch.set_num_threads(CORES)
    pictures = sized(frames(CLIP, 24), HD)
    try:
        beside_mediapipe(given.preset, pictures, given.device)
        by_size(given.node, pictures, given.device)
    except UserError as exc:
        sys.exit(str(exc))


if __name__ == "__main__":
    main()
