"""What the benchmarks share: a clip to work on, the peer's command, fair timing of both."""

from __future__ import annotations

import atexit
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(tempfile.mkdtemp(prefix="streamfx-bench-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)

X264 = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "18"]
"""The settings that streamfx gives x264 when it is not told otherwise."""


@dataclass(frozen=True)
class Timing:
    """One timed command."""

    wall: float
    """Seconds of the whole process, from start to exit."""
    running: float
    """Seconds of the run alone, where the process says; else the same."""


def need_ffmpeg() -> str:
    """Return the path of the ffmpeg command, or end with a sentence."""
    found = shutil.which("ffmpeg")
    if found is None:
        sys.exit("this benchmark compares with the ffmpeg command, which is not installed")
    return found


def clip(seconds: int = 20, size: str = "1920x1080") -> Path:
    """Draw a clip with motion, detail and grain, encoded as H.264, with a tone as AAC."""
    path = FOLDER / f"clip-{size}-{seconds}.mp4"
    if not path.exists():
        picture = f"testsrc2=size={size}:rate=30:duration={seconds},noise=alls=6:allf=t"
        sound = f"sine=frequency=440:duration={seconds}"
        command = [need_ffmpeg(), "-v", "error", "-f", "lavfi", "-i", picture, "-f", "lavfi"]
        command += ["-i", sound, "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast"]
        subprocess.run([*command, "-crf", "23", "-c:a", "aac", str(path)], check=True)
    return path


def run_ffmpeg(source: Path, *arguments: str) -> Timing:
    """Time the ffmpeg command with x264 as streamfx sets it."""
    target = FOLDER / "peer.mp4"
    command = [need_ffmpeg(), "-v", "error", "-y", "-i", str(source), *arguments]
    began = time.perf_counter()
    subprocess.run([*command, *X264, "-c:a", "copy", str(target)], check=True)
    wall = time.perf_counter() - began
    return Timing(wall, wall)


def run_streamfx(preset: str, source: Path, *options: str) -> Timing:
    """Time ``streamfx render``."""
    target, report = FOLDER / "ours.mp4", FOLDER / "report.json"
    command = [sys.executable, "-m", "streamfx", "render", preset, str(source), str(target)]
    command += ["--overwrite", "--quiet", "--report", str(report), *options]
    began = time.perf_counter()
    subprocess.run(command, check=True)
    wall = time.perf_counter() - began
    return Timing(wall, float(json.loads(report.read_text())["elapsed"]))


def compare(
    name: str, ours: Callable[[], Timing], peer: Callable[[], Timing], bar: float, rounds: int = 3
) -> None:
    """Time both in turn, and print the median ratio of speeds beside the bar."""
    pairs = [(ours(), peer()) for _ in range(rounds)]
    running = median_of([theirs.wall / mine.running for mine, theirs in pairs])
    whole = median_of([theirs.wall / mine.wall for mine, theirs in pairs])
    mine, theirs = (median_of([p[i].wall for p in pairs]) for i in (0, 1))
    print(f"{name}: {running:.2f} x ffmpeg's speed (bar {bar}), {whole:.2f} with start-up")
    print(f"  whole process: streamfx {mine:.2f} s, ffmpeg {theirs:.2f} s, median of {rounds}")


def median_of(values: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(values)
