"""Run examples as a reader does: in a folder of one's own, from the shell."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

EXAMPLES = Path(__file__).parents[2] / "examples"
Pictures = NDArray[np.float64]


@pytest.fixture
def example(tmp_path: Path) -> Callable[[str], str]:
    """Return what runs an example in an empty folder and returns what it printed."""

    def call(name: str) -> str:
        done = subprocess.run(
            [sys.executable, str(EXAMPLES / name)],
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return call


@pytest.fixture
def pictures() -> Callable[[Path], Pictures]:
    """Return what reads a whole file as ``(frames, H, W, 3)`` of 8-bit R'G'B'."""

    def read(path: Path) -> Pictures:
        with av.open(str(path)) as container:
            frames: list[Any] = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
        return np.stack(frames).astype(np.float64)

    return read
