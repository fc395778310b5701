"""Cuts and repeated frames found in real films, beside FFmpeg's scene detectors."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from av.filter import Graph
from people import FOOTAGE, Picture, frames

from streamfx.frame import Frame
from streamfx.likeness import CUT, Thumbnail, change, repeated, thumbnail
from streamfx.media.reader import Reader

FILM = "general/tears_of_steel_70s.webm"
CUTS = (
    *(52, 122, 158, 221, 309, 715, 788, 872, 901, 987, 1127, 1157, 1203, 1234, 1246, 1284),
    *(1345, 1378, 1430, 1472, 1571, 1618, 1650, 1689),
)
"""First frames of shots in that film, found by looking at it."""
WITHOUT = (
    ("general/rooftop_320x240_60fps.mp4", 300),
    ("general/railway_vp9.webm", 150),
    ("general/fountain_crowd_25fps.mp4", 150),
    ("matting/more/clips/man_ball_garden_720p.mp4", 150),
    ("matting/phone_selfie_720x1280.mp4", 150),
    ("matting/woman_laughing_720p.mp4", 120),
    ("general/flower_960x540.mp4", 150),
)
"""Films of one shot, and how many of their frames are looked at."""
PEERS = {
    "FFmpeg scdet": ("scdet", "threshold=10", "lavfi.scd.score", 10.0),
    "FFmpeg select scene": ("select", "gte(scene,0)", "lavfi.scene_score", 0.3),
}
"""Filter, its options, what it writes into each frame, and its customary threshold."""
_REPEATED = (
    ("matting/woman_laughing_720p.mp4", 60),
    ("general/rooftop_320x240_60fps.mp4", 60),
    ("general/fountain_crowd_25fps.mp4", 60),
    ("general/railway_vp9.webm", 60),
)


def thumbnails(path: Path, most: int = 10**9) -> Iterator[Thumbnail]:
    """Yield the thumbnails of a film."""
    with Reader(str(path)) as reader:
        count = 0
        for item in reader:
            if isinstance(item, Frame):
                yield thumbnail(item.image)
                count += 1
            if count == most:
                return


def ours(path: Path, most: int = 10**9) -> list[float]:
    """Return the change at each frame but the first."""
    small = list(thumbnails(path, most))
    return [change(a, b) for a, b in pairwise(small)]


def by_ffmpeg(name: str, path: Path, most: int = 10**9) -> list[float]:
    """Return what a filter of FFmpeg says of each frame but the first."""
    filter_, options, key, _ = PEERS[name]
    made: list[float] = []
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        graph = Graph()
        into = graph.add_buffer(template=stream)
        judge, out = graph.add(filter_, options), graph.add("buffersink")
        into.link_to(judge)
        judge.link_to(out)
        graph.configure()
        for count, frame in enumerate(file.decode(stream)):
            if count == most:
                break
            graph.push(frame)
            made.append(float(graph.pull().metadata[key]))
    return made[1:]


def marks(found: set[int], truth: set[int]) -> str:
    """Return precision, recall and F1 for people to read."""
    right = len(found & truth)
    precision, recall = right / max(1, len(found)), right / max(1, len(truth))
    both = 2 * precision * recall / max(1e-9, precision + recall)
    return f"precision {precision:.3f}  recall {recall:.3f}  F1 {both:.3f}"


def cuts() -> None:
    """Print how well cuts are found."""
    print(f"{len(CUTS)} cuts in {Path(FILM).name}; false ones in {len(WITHOUT)} films without any")
    ways: dict[str, tuple[Callable[[Path, int], list[float]], float]] = {"streamfx": (ours, CUT)}
    for name, (*_, threshold) in PEERS.items():
        ways[name] = (partial(by_ffmpeg, name), threshold)
    for name, (look, threshold) in ways.items():
        scores = look(FOOTAGE / FILM, 10**9)
        found = {i + 1 for i, score in enumerate(scores) if score > threshold}
        false = sum(
            sum(score > threshold for score in look(FOOTAGE / path, most)) for path, most in WITHOUT
        )
        print(f"  {name:20} {marks(found, set(CUTS))}  false elsewhere {false}")


def coded(pictures: Sequence[Picture], path: Path) -> None:
    """Write pictures as H.264 of CRF 23."""
    high, wide = (side // 2 * 2 for side in pictures[0].shape[:2])
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", 24, options={"crf": "23", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = wide, high, "yuv420p"
        for picture in pictures:
            whole = np.ascontiguousarray(picture[:high, :wide])
            file.mux(stream.encode(av.VideoFrame.from_ndarray(whole, format="rgb24")))
        file.mux(stream.encode(None))


def repeats() -> None:
    """Print how well frames that repeat the one before are found, in films coded anew."""
    print("repeated frames of films on ones, twos and threes, coded anew (H.264, CRF 23)")
    with tempfile.TemporaryDirectory() as folder:
        for path, count in _REPEATED:
            pictures = frames(FOOTAGE / path, count)
            for times in (1, 2, 3):
                film = [pictures[i // times * times] for i in range(len(pictures))]
                out = Path(folder) / "film.mkv"
                coded(film, out)
                pairs = pairwise(thumbnails(out))
                found = {i + 1 for i, (a, b) in enumerate(pairs) if repeated(a, b)}
                truth = {i for i in range(len(film)) if i % times}
                if times == 1:
                    wrong = f"{len(found)} of {len(film)} taken for repeats"
                    print(f"  {Path(path).stem:28} on ones: {wrong}")
                else:
                    print(f"  {Path(path).stem:28} on {times}s: {marks(found, truth)}")


def main() -> None:
    """Print the tables."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    cuts()
    repeats()


if __name__ == "__main__":
    main()
