"""Where pulled weights lie: the user's cache folder, one folder a model, nothing half-written."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from platformdirs import user_cache_path

from streamfx.errors import ModelError
from streamfx.models.card import ModelCard, WeightFile

log = logging.getLogger(__name__)

FOLDER = "STREAMFX_MODELS"
"""Environment variable that names another folder."""

CHUNK = 1 << 20
"""Bytes that are read, hashed and written at once."""

PATIENCE = 1.0
"""Seconds after which it is logged that another process holds the lock."""


class Cache:
    """A folder of weights that processes share.

    Whoever writes holds a lock of the operating system, which ends with the process; readers need
    none, since a file appears under its name only when it is whole and known to be right.
    """

    def __init__(self, folder: Path | None = None) -> None:
        named = os.environ.get(FOLDER)
        self.folder = folder or (Path(named) if named else user_cache_path("streamfx") / "models")

    def path(self, card: ModelCard, file: WeightFile) -> Path:
        """Return where a file of a model is, or goes."""
        return self.folder / card.name / file.name

    def here(self, card: ModelCard) -> bool:
        """Return whether all files of a model are there, by name and size; hashes cost time."""
        return all(_fits(self.path(card, file), file) for file in card.files)

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Hold the lock of one download; whoever comes second waits."""
        with self.complaints():
            (self.folder / ".locks").mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder / ".locks" / f"{name}.lock")
            try:
                lock.acquire(timeout=PATIENCE)
            except Timeout:
                log.info("another process is pulling %s: waiting for it", name)
                lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def place(self, card: ModelCard, file: WeightFile, chunks: Iterable[bytes]) -> Path:
        """Write a file. Where it is not the known one, leave nothing and raise."""
        goal = self.path(card, file)
        part = self.part(card, file)
        with self.complaints():
            try:
                with part.open("wb") as out:
                    out.writelines(chunks)
                    out.flush()
                    os.fsync(out.fileno())
                check(card, file, part)
                os.replace(part, goal)
            finally:
                part.unlink(missing_ok=True)
        return goal

    def part(self, card: ModelCard, file: WeightFile) -> Path:
        """Return where a file grows; the caller holds the lock."""
        goal = self.path(card, file)
        with self.complaints():
            goal.parent.mkdir(parents=True, exist_ok=True)
        return goal.with_name(f".{file.name}.part")

    def finish(self, card: ModelCard, file: WeightFile) -> Path:
        """Give a part that is whole its name, if it is the known one; else it goes."""
        goal, part = self.path(card, file), self.part(card, file)
        with self.complaints():
            try:
                check(card, file, part)
            except ModelError:
                part.unlink(missing_ok=True)
                raise
            os.replace(part, goal)
        return goal

    @contextmanager
    def complaints(self) -> Iterator[None]:
        """Turn what the disk refuses into one line that says what to do."""
        try:
            yield
        except OSError as exc:
            if exc.errno in (errno.ENOSPC, errno.EDQUOT):
                raise ModelError(
                    f"no room for models in {self.folder}: make some, or set {FOLDER} to a folder "
                    "on a larger disk"
                ) from exc
            why = exc.strerror or str(exc)
            raise ModelError(
                f"cannot write models to {self.folder} ({why}): make it writable, or set {FOLDER} "
                "to another folder"
            ) from exc


def check(card: ModelCard, file: WeightFile, path: Path) -> None:
    """Raise :exc:`ModelError` unless a file is right: what was expected, and what was got."""
    try:
        size = path.stat().st_size
        if file.size and size != file.size:
            raise ModelError(
                f"model {card.name!r}: {file.name} is not the known file: expected {file.size} "
                f"bytes, got {size}"
            )
        found = digest(path) if file.sha256 else ""
    except OSError as exc:
        why = exc.strerror or exc
        raise ModelError(f"model {card.name!r}: cannot read {path}: {why}") from exc
    if found != file.sha256:
        raise ModelError(
            f"model {card.name!r}: {file.name} is not the known file: expected SHA-256 "
            f"{file.sha256}, got {found}"
        )


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def _fits(path: Path, file: WeightFile) -> bool:
    try:
        size = path.stat().st_size
    except OSError:
        return False
    return size == file.size if file.size else True
