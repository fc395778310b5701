"""Run ``streamfx`` as a shell does, and say what came of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = (sys.executable, "-m", "streamfx")


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """The JSON lines on stdout."""
        return [json.loads(line) for line in self.out.splitlines()]

    def refused(self, code: int) -> str:
        """Check that it ended with ``code`` and one line on stderr, and return that line."""
        assert (self.code, self.out) == (code, "")
        assert self.err.endswith("\n")
        assert self.err.count("\n") == 1, self.err
        assert self.err.startswith("streamfx: ")
        return self.err.removeprefix("streamfx: ").removesuffix("\n")


Run = Callable[..., Ran]


def streamfx(*words: str | Path, cwd: Path | None = None, stdin: bytes | None = None) -> Ran:
    """Run a command in a process of its own."""
    done = subprocess.run(
        [*PROGRAM, *map(str, words)],
        cwd=cwd,
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        timeout=300,
        check=False,
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
