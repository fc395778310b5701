"""The file of ``--report``: known to be writable before the run, whole or absent after it."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from streamfx.errors import MediaError, TargetError


class ReportFile:
    """A JSON file that gets its name once it is whole."""

    def __init__(self, path: str, *, taken: Iterable[str] = ()) -> None:
        """Check that ``path`` can be written and is not ``taken``. Raises :exc:`TargetError`."""
        self.path = Path(path)
        if self.path.is_dir():
            raise TargetError(f"cannot write the report: {path} is a folder")
        for name in taken:
            if os.path.abspath(name) == os.path.abspath(path):
                raise TargetError(
                    f"cannot write the report: {path} is an input or output of the run"
                )
        try:
            with tempfile.NamedTemporaryFile(dir=self.path.parent, prefix=".streamfx-"):
                pass
        except OSError as exc:
            raise TargetError(f"cannot write the report {path}: {exc.strerror or exc}") from exc

    def write(self, facts: Mapping[str, object]) -> None:
        """Put the facts into the file at once. Raises :exc:`MediaError`."""
        part = self.path.with_name(f"{self.path.name}.part")
        try:
            part.write_text(json.dumps(facts, ensure_ascii=False, indent=2) + "\n", "utf-8")
            os.replace(part, self.path)
        except OSError as exc:
            part.unlink(missing_ok=True)
            why = exc.strerror or exc
            raise MediaError(f"cannot write the report {self.path}: {why}") from exc
