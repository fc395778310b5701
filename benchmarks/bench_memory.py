"""Peak memory of a ten-minute 1080p render, against one of ten seconds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av
from peer import FOLDER, clip

MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def repeated(source: Path, times: int) -> Path:
    """Return the clip played several times over, its packets copied."""
    target = FOLDER / f"repeated-{times}.mp4"
    with av.open(str(source)) as first, av.open(str(target), "w") as out:
        ins = [first.streams.video[0], first.streams.audio[0]]
        outs = {s.index: out.add_stream_from_template(s, opaque=True) for s in ins}
        lasts = {s.index: s.duration or 0 for s in ins}
        for turn in range(times):
            with av.open(str(source)) as again:
                for packet in again.demux():
                    if packet.dts is None or packet.pts is None:
                        continue
                    index = packet.stream.index
                    packet.pts += turn * lasts[index]
                    packet.dts += turn * lasts[index]
                    packet.stream = outs[index]
                    out.mux_one(packet)
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
