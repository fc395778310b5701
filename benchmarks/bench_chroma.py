"""matting.chroma on true alphas before green and blue screens, against FFmpeg's keys and Vlahos's.

The peers are told the screen's true colour, and get of a row of settings those that are the best
for a fifth of the pictures. It wants the footage that CONTRIBUTING.md speaks of.
"""

from __future__ import annotations

import io
import statistics
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

import av
import cv2
import numpy as np
import torch
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from numpy.typing import NDArray
from screens import FOOTAGE, HD, SCREENS, Kind, Subject, composite, screen, shot, subjects

from streamfx import Frame
from streamfx.media.convert import from_image, to_image
from streamfx.nodes.matting.chroma import Chroma
from streamfx.testing import context

Floats = NDArray[Any]
Key = Callable[[torch.Tensor, str], Floats]
"""Picture ``(3, H, W)`` and the name of its screen to straight R'G'B'A ``(4, H, W)``."""

SHOTS: tuple[tuple[Kind, float], ...] = (("flat", 2.0), ("uneven", 2.0), ("wrinkled", 4.0))
LONGEST = 800
"""Columns or lines of the largest pictures, so that it ends in minutes."""


def ours(image: torch.Tensor, colour: str) -> Floats:
    """Return what the node makes, told nothing."""
    node = Chroma()
    node.open(context())
    made: Floats = node.process(Frame(image, Fraction(0), Fraction(1))).image.numpy()
    return made


def ffmpeg(name: str, similarity: float, blend: float) -> Key:
    """Return one of FFmpeg's keys."""

    def made(image: torch.Tensor, colour: str) -> Floats:
        form = "yuv420p" if name == "chromakey" else "rgb24"
        frame = from_image(image, form, HD) if form == "yuv420p" else rgb24(image)
        graph = Graph()
        source = graph.add_buffer(width=frame.width, height=frame.height, format=VideoFormat(form),
                                  time_base=Fraction(1, 25))  # fmt: skip
        code = "".join(f"{round(255 * part):02x}" for part in SCREENS[colour])
        key = graph.add(name, f"0x{code}:{similarity}:{blend}")
        sink = graph.add("buffersink")
        source.link_to(key)
        key.link_to(sink)
        graph.configure()
        frame.pts = 0
        graph.push(frame)
        keyed = graph.pull()
        assert isinstance(keyed, VideoFrame)
        if keyed.format.name.startswith("yuva"):
            return np.asarray(to_image(keyed, HD))
        rgba = keyed.to_ndarray(format="rgba").astype(np.float32) / 255
        return np.ascontiguousarray(rgba.transpose(2, 0, 1))

    return made


def rgb24(image: torch.Tensor) -> VideoFrame:
    """Return a frame of 8 bits a channel."""
    codes = (image.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).contiguous()
    return VideoFrame.from_ndarray(codes.numpy(), format="rgb24")


def vlahos(image: torch.Tensor, colour: str) -> Floats:
    """Return alpha as one less the colour difference, and green held below red and blue."""
    at = 1 if colour == "green" else 2
    rest = [channel for channel in range(3) if channel != at]
    limit = torch.maximum(*image[rest])
    whole = SCREENS[colour][at] - max(SCREENS[colour][channel] for channel in rest)
    alpha = (1 - (image[at] - limit) / whole).clamp(0, 1)
    behind = torch.tensor(SCREENS[colour])[:, None, None]
    own = ((image - (1 - alpha) * behind) / alpha.clamp(min=0.05)).clamp(0, 1)
    own[at] = torch.minimum(own[at], torch.maximum(*own[rest]))
    return torch.cat([own, alpha[None]]).numpy()


def coded(image: torch.Tensor) -> torch.Tensor:
    """Return a picture as H.264 of good quality leaves it."""
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as out:
        stream = out.add_stream("libx264", 25, {"preset": "veryfast", "crf": "18"})
        stream.height, stream.width, stream.pix_fmt = *image.shape[1:], "yuv420p"
        out.mux(stream.encode(from_image(image, "yuv420p", HD)))
        out.mux(stream.encode(None))
    file.seek(0)
    with av.open(file, "r") as back:
        return to_image(next(back.decode(video=0)), HD)


def excess(colour: Floats, name: str) -> Floats:
    """Return how far the screen's channel stands above the others."""
    at = 1 if name == "green" else 2
    made: Floats = colour[at] - np.delete(colour, at, 0).max(0)
    return np.maximum(made, 0)


def scored(made: Floats, subject: Subject, colour: str) -> list[float]:
    """Return MAD, MAD of the soft part, SAD and gradient error in thousands, and excesses."""
    alpha, true = made[3], subject.alpha
    off = np.abs(alpha - true)
    soft = (true > 0.02) & (true < 0.98)
    slopes = [
        np.hypot(*(cv2.GaussianBlur(side, (0, 0), 1.4) for side in np.gradient(x)))
        for x in (alpha, true)
    ]
    seen = (alpha > 0.05) & (true > 0.05)
    green, own = excess(made[:3], colour)[seen], excess(subject.colour, colour)[seen]
    colours = np.abs(made[:3] * alpha - subject.colour * true)[:, soft].mean()
    return [
        float(off.mean()), float(off[soft].mean()), float(off.sum() / 1000),
        float(((slopes[0] - slopes[1]) ** 2).sum() / 1000), float(colours),
        float(green.mean()), float(own.mean()),
        float(np.percentile(green, 99)), float(np.percentile(own, 99)),
    ]  # fmt: skip


HEAD = f"{'MAD':>8}{'soft':>8}{'SAD/k':>8}{'grad/k':>8}{'colour':>8}" + "".join(
    f"{name:>8}" for name in ("tint", "(true)", "tint99", "(true)")
)


def line(name: str, rows: list[list[float]]) -> str:
    """Return the means of some scores as one line of the table."""
    return f"{name:28}" + "".join(f"{value:8.4f}" for value in np.mean(rows, 0))


def reduced(subject: Subject) -> Subject:
    """Return a subject of :data:`LONGEST` pixels at most, and of even sides."""
    high, wide = subject.alpha.shape
    by = max(1.0, max(high, wide) / LONGEST)
    size = round(wide / by / 2) * 2, round(high / by / 2) * 2
    colour, alpha = (
        cv2.resize(x, size, interpolation=cv2.INTER_AREA)
        for x in (subject.colour.transpose(1, 2, 0), subject.alpha)
    )
    return Subject(subject.name, np.ascontiguousarray(colour.transpose(2, 0, 1)), alpha)


def table(title: str, cases: list[tuple[Subject, str, torch.Tensor]]) -> None:
    """Print the scores of all keys, and ours picture by picture."""
    print(f"\n{title} ({len(cases)} pictures)\n{'':28}{HEAD}")
    rows = [scored(ours(image, colour), subject, colour) for subject, colour, image in cases]
    print(line("matting.chroma", rows))
    for name in ("chromakey", "colorkey"):
        settings = list(product((0.05, 0.1, 0.15, 0.2), (0.05, 0.15, 0.3)))
        some = cases[::5]
        errors = [
            statistics.fmean(
                float(np.abs(ffmpeg(name, *chosen)(image, colour)[3] - subject.alpha).mean())
                for subject, colour, image in some
            )
            for chosen in settings
        ]
        chosen = settings[int(np.argmin(errors))]
        key = ffmpeg(name, *chosen)
        made = [scored(key(image, colour), subject, colour) for subject, colour, image in cases]
        print(line(f"FFmpeg {name} {chosen[0]:g}:{chosen[1]:g}", made))
    made = [scored(vlahos(image, colour), subject, colour) for subject, colour, image in cases]
    print(line("Vlahos", made))
    for name, colour in dict.fromkeys((subject.name, colour) for subject, colour, _ in cases):
        mine = [
            row
            for row, case in zip(rows, cases, strict=True)
            if case[0].name == name and case[1] == colour
        ]
        print(line(f"  {name} {colour}", mine))


def speed(known: Subject) -> None:
    """Print milliseconds a frame."""
    for high, wide in ((720, 1280), (1080, 1920)):
        colour = cv2.resize(known.colour.transpose(1, 2, 0), (wide, high)).transpose(2, 0, 1)
        subject = Subject("", colour, cv2.resize(known.alpha, (wide, high)))
        image = shot(composite(subject, screen("green", "uneven", high, wide)), 2)
        node = Chroma()
        node.open(context())
        frame = Frame(image, Fraction(0), Fraction(1))
        walls, works = [], []
        for _ in range(15):
            wall, work = time.perf_counter(), time.process_time()
            node.process(frame)
            walls.append(time.perf_counter() - wall)
            works.append(time.process_time() - work)
        wall, best, work = (1e3 * x for x in (statistics.median(walls), min(walls), min(works)))
        print(f"{wide}x{high}: {wall:.1f} ms a frame, best {best:.1f}; {work:.1f} ms of work")


def flicker() -> None:
    """Print how much alpha changes from frame to frame where the shot does not."""
    clips = FOOTAGE / "greenscreen_head.mp4", *sorted((FOOTAGE.parent / "faces" / "grid").glob("*"))
    for path in clips[:4]:
        node = Chroma()
        node.open(context())
        changes, last = [], None
        with av.open(str(path)) as file:
            for _, frame in zip(range(20), file.decode(video=0), strict=False):
                image = to_image(frame, HD)
                alpha = node.process(Frame(image, Fraction(0), Fraction(1))).image[3]
                calm = cv2.blur(image.mean(0).numpy(), (9, 9))
                if last is not None:
                    still = np.abs(calm - last[1]) < 1 / 255
                    changes.append(float((alpha - last[0]).square().numpy()[still].mean()))
                last = alpha, calm
        print(f"{path.name}: dtSSD {np.sqrt(np.mean(changes)):.4f} where the shot stands still")


if __name__ == "__main__":
    known = [reduced(subject) for subject in subjects()]
    if not known:
        sys.exit("this benchmark wants the footage, which is not beside the checkout")
    taken = []
    for seed, known_one in enumerate(known):
        high, wide = known_one.alpha.shape
        for colour, (kind, sigma) in product(SCREENS, SHOTS):
            behind = screen(colour, kind, high, wide, seed)
            taken.append((known_one, colour, shot(composite(known_one, behind), sigma, seed)))
    table("Noise, 4:2:0", taken)
    table("The same through H.264", [(s, c, coded(image)) for s, c, image in taken[::3]])
    print()
    speed(next(s for s in known if s.name.startswith("p_")))
    flicker()
