"""The peer of trimaps and of foreground colours: PyMatting, in an environment of its own.

As a script it runs inside that environment: ``pymatting_peer.py SOURCE.npz TARGET.npz METHOD``. The
source holds ``NAME.image``, RGB of uint8, and ``NAME.plane``, grey of uint8: a trimap for ``cf``,
``knn`` and ``lbdm``, an alpha for ``ml``. The target holds what was made under each name, and
``ms``.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

VERSION = "1.1.16"
ELSEWHERE = "STREAMFX_PYMATTING"
"""The environment variable that names a Python, or the folder of a venv, which has pymatting."""
METHODS = {
    "cf": ("estimate_alpha_cf", "closed form"),
    "knn": ("estimate_alpha_knn", "KNN"),
    "lbdm": ("estimate_alpha_lbdm", "learning based"),
    "ml": ("estimate_foreground_ml", "multi-level"),
}
"""Each method's function, and what it is called."""

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """What PyMatting made of some pictures."""

    arrays: dict[str, Array]
    """Alphas ``(H, W)`` or colours ``(H, W, 3)`` of float32, by name."""
    ms: Array
    """Milliseconds of the processor in each call, compilation not counted."""


def python() -> Path:
    """Return a Python that has pymatting; the first call sets one up in the user's cache."""
    named = os.environ.get(ELSEWHERE)
    if named:
        path = Path(named)
        return path / "bin" / "python" if path.is_dir() else path
    from platformdirs import user_cache_path

    home = user_cache_path("streamfx") / "benchmarks" / f"pymatting-{VERSION}"
    inside = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not (home / ".done").exists():
        print(f"setting up pymatting {VERSION} in {home}", file=sys.stderr)
        venv.create(home, with_pip=True, clear=True)
        pip = [str(inside), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, f"pymatting=={VERSION}"], check=True)
        (home / ".done").touch()
    return inside


def made_by(method: str, pictures: Mapping[str, tuple[Array, Array]]) -> Made | None:
    """Run a method over pictures and planes by name; None, and why, where there is no PyMatting."""
    try:
        there = python()
    except (subprocess.CalledProcessError, OSError) as exc:
        print(f"PyMatting is not run: it cannot be set up ({exc})", file=sys.stderr)
        return None
    with tempfile.TemporaryDirectory(prefix="streamfx-pymatting-") as folder:
        given, target = Path(folder) / "given.npz", Path(folder) / "made.npz"
        held = {f"{name}.image": image for name, (image, _) in pictures.items()}
        held |= {f"{name}.plane": plane for name, (_, plane) in pictures.items()}
        np.savez(given, allow_pickle=False, **held)
        command = [str(there), __file__, str(given), str(target), method]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"PyMatting failed:\n{done.stderr[-2000:]}", file=sys.stderr)
            return None
        with np.load(target) as found:
            return Made({name: found[name] for name in pictures}, found["ms"])


def work(source: Path, target: Path, method: str) -> None:
    """Make what the source asks for, one picture after the other. Needs pymatting."""
    call = getattr(importlib.import_module("pymatting"), METHODS[method][0])
    made: dict[str, Array] = {}
    ms: list[float] = []
    with np.load(source) as held:
        names = [name.removesuffix(".image") for name in held.files if name.endswith(".image")]
        for name in names:
            image, plane = (held[f"{name}.{part}"] / 255.0 for part in ("image", "plane"))
            began = time.process_time()
            found = call(image, plane)
            ms.append((time.process_time() - began) * 1000)
            made[name] = np.clip(found, 0, 1).astype(np.float32)
    np.savez(target, allow_pickle=False, ms=np.array(ms), **made)


if __name__ == "__main__":
    work(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
