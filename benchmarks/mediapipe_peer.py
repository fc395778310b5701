"""The peer of matting: MediaPipe's own selfie segmentation, in an environment of its own.

As a script it runs inside that environment: ``mediapipe_peer.py SOURCE TARGET.npz MODEL``. The
source is a folder of pictures, a video or an ``.npz`` of RGB pictures, the model ``general`` or
``landscape``. The target holds one mask for each picture, under its name, and ``ms``.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

VERSION = "0.10.21"
ELSEWHERE = "STREAMFX_MEDIAPIPE"
"""The environment variable that names a Python, or the folder of a venv, which has mediapipe."""
CORES = 2
MODELS = ("general", "landscape")
"""256x256 and 144x256, in the order in which MediaPipe numbers them."""
WARM = 3
"""Runs on the first picture that are not timed."""

Picture = NDArray[Any]
"""``(H, W, 3)`` of uint8, RGB."""
Mask = NDArray[np.float32]
"""``(H, W)``, the probability of a person, upsampled by MediaPipe to the size of the picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Segmented:
    """What MediaPipe made of some pictures."""

    masks: dict[str, Mask]
    """By name, in the order of the pictures."""
    ms: NDArray[np.float64]
    """Milliseconds of each call, on two cores, from RGB pixels to a mask of full size."""


def python() -> Path:
    """Return a Python that has mediapipe; the first call sets one up in the user's cache."""
    named = os.environ.get(ELSEWHERE)
    if named:
        path = Path(named)
        return path / "bin" / "python" if path.is_dir() else path
    from platformdirs import user_cache_path

    home = user_cache_path("streamfx") / "benchmarks" / f"mediapipe-{VERSION}"
    inside = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not (home / ".done").exists():
        print(f"setting up mediapipe {VERSION} in {home}", file=sys.stderr)
        venv.create(home, with_pip=True, clear=True)
        pip = [str(inside), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, f"mediapipe=={VERSION}"], check=True)
        (home / ".done").touch()
    return inside


def segment(source: Path | Mapping[str, Picture], model: str = "general") -> Segmented:
    """Run MediaPipe over pictures by name, a folder of pictures, or a video."""
    with tempfile.TemporaryDirectory(prefix="streamfx-mediapipe-") as folder:
        target = Path(folder) / "masks.npz"
        if isinstance(source, Mapping):
            given = Path(folder) / "pictures.npz"
            np.savez(given, allow_pickle=False, **dict(source))
            source = given
        command = [str(python()), __file__, str(source), str(target), model]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"mediapipe failed on {source}:\n{done.stderr[-2000:]}")
        with np.load(target) as made:
            masks = {name: made[name].astype(np.float32) for name in made.files if name != "ms"}
            return Segmented(masks, made["ms"])


def pictures_of(source: Path) -> Iterator[tuple[str, Picture]]:
    """Read the pictures of a folder, a video or an ``.npz``, each with its name."""
    import cv2  # late: the Python that calls may do without

    if source.suffix == ".npz":
        with np.load(source) as held:
            yield from ((name, held[name]) for name in held.files)
    elif source.is_dir():
        for path in sorted(source.iterdir()):
            if path.suffix.lower() in {".jpg", ".jpeg", ".png"}:
                read = cv2.imread(str(path))
                assert read is not None, f"no picture in {path}"
                yield path.stem, cv2.cvtColor(read, cv2.COLOR_BGR2RGB)
    else:
        video, count = cv2.VideoCapture(str(source)), 0
        while (found := video.read())[0]:
            yield f"{count:05d}", cv2.cvtColor(found[1], cv2.COLOR_BGR2RGB)
            count += 1


def work(source: Path, target: Path, model: str) -> None:
    """Segment what the source holds, one picture after the other. Needs mediapipe."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    solution = importlib.import_module("mediapipe").solutions.selfie_segmentation
    masks: dict[str, Any] = {}
    ms: list[float] = []
    with solution.SelfieSegmentation(model_selection=MODELS.index(model)) as net:
        for name, picture in pictures_of(source):
            for _ in range(0 if masks else WARM):
                net.process(picture)
            began = time.perf_counter()
            mask = net.process(picture).segmentation_mask
            ms.append((time.perf_counter() - began) * 1000)
            masks[name] = mask.astype(np.float16)
    np.savez(target, ms=np.array(ms), **masks)


if __name__ == "__main__":
    work(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
