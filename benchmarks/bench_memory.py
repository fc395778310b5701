"""Peak memory of a ten-minute 1080p render, against one of ten seconds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from peer import FOLDER, clip, need_ffmpeg

MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def repeated(source: Path, times: int) -> Path:
    """Return the clip played several times over, its packets copied."""
    target = FOLDER / f"repeated-{times}.mp4"
    command = [need_ffmpeg(), "-v", "error", "-y", "-stream_loop", str(times - 1)]
    subprocess.run([*command, "-i", str(source), "-c", "copy", str(target)], check=True)
    return target


def peak(source: Path) -> float:
    """Return the peak resident memory of a render in MiB."""
    command = [sys.executable, "-m", "streamfx", "render", "brighten", str(source)]
    command += [str(FOLDER / "out.mp4"), "--overwrite", "--quiet", "--quality", "40"]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *command], check=True, capture_output=True, text=True
    )
    return int(done.stdout) / 1024


if __name__ == "__main__":
    short, long = clip(10), repeated(clip(10), 60)
    small, large = peak(short), peak(long)
    print(
        f"peak memory: 10 s {small:.0f} MiB, 10 min {large:.0f} MiB, "
        f"{(large / small - 1) * 100:+.1f} % (bar 5 %)"
    )
