"""Where pictures go: the name that was asked for, and the part file that becomes it at the end."""

from __future__ import annotations

import logging
import os
import re
import shutil
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from streamfx.errors import MediaError, TargetError
from streamfx.media.containers import BY_EXTENSION, BY_NAME, SEQUENCE, Container

log = logging.getLogger(__name__)

PIPE = "-"
"""The name that stands for standard output."""

_NUMBER = re.compile(r"%(0?\d*)d|(#+)")


@dataclass(frozen=True, slots=True)
class Target:
    """An output by name: a file, a numbered sequence of pictures, or standard output."""

    name: str
    """As it was asked for."""
    container: Container
    """What kind of file it is."""

    @classmethod
    def parse(cls, name: str, *, codec: str | None = None, rich: bool = False) -> Target:
        """Return the target of a name.

        ``rich`` says that there is alpha or sound: it decides what standard output carries where
        ``codec`` does not. Raises :exc:`TargetError` for an extension nobody knows.
        """
        if name == PIPE:
            plain = codec == "y4m" or (codec is None and not rich)
            return cls(name, BY_NAME["yuv4mpegpipe" if plain else "nut"])
        if not name or name.endswith((os.sep, "/")) or os.path.isdir(name):
            raise TargetError(f"the output {name!r} is a folder, not a file")
        extension = os.path.splitext(name)[1].lower()
        if extension not in BY_EXTENSION:
            what = f"extension {extension!r}" if extension else "no extension"
            known = " ".join(BY_EXTENSION)
            raise TargetError(f"cannot write {name}: {what} says no format; known: {known}")
        return cls(name, BY_EXTENSION[extension])

    @property
    def extension(self) -> str:
        """What the name ends in, lower case, with the dot; empty for standard output."""
        return os.path.splitext(self.name)[1].lower()

    @property
    def pipe(self) -> bool:
        """Whether it is standard output."""
        return self.name == PIPE

    @property
    def images(self) -> bool:
        """Whether every picture is a file of its own."""
        return self.container.name == SEQUENCE

    @property
    def numbered(self) -> bool:
        """Whether the name has a place for the number of the picture."""
        return self.images and _NUMBER.search(os.path.basename(self.name)) is not None

    @property
    def folder(self) -> Path:
        """Where the file will lie."""
        return Path(self.name).parent

    @property
    def part(self) -> Path:
        """What is written to until the end: a file, or a folder for a numbered sequence."""
        return Path(self.name + ".part")

    def numbered_name(self, number: int) -> str:
        """Return the file name (no folder) of one picture of a sequence."""

        def put(match: re.Match[str]) -> str:
            pads, hashes = match.groups()
            return f"{number:0{len(hashes)}d}" if hashes else f"{number:{pads or ''}d}"

        return _NUMBER.sub(put, os.path.basename(self.name), count=1)

    def existing(self) -> list[Path]:
        """Return the files that lie where the output would go, in order."""
        if self.pipe:
            return []
        if not self.numbered:
            path = Path(self.name)
            return [path] if path.exists() or path.is_symlink() else []
        before, _, after = _split(os.path.basename(self.name))
        shape = re.compile(re.escape(before) + r"\d+" + re.escape(after))
        if not self.folder.is_dir():
            return []
        return sorted(path for path in self.folder.iterdir() if shape.fullmatch(path.name))

    def check(self, *, inputs: Iterable[str] = (), overwrite: bool = False) -> None:
        """Raise :exc:`TargetError` where the output is an input, exists, or has no place to be."""
        if self.pipe:
            return
        there = self.existing()
        for name in inputs:
            if any(_same(path, name) for path in there):
                raise TargetError(f"the output {self.name} is the input; give it another name")
        if there and not overwrite:
            more = f" and {len(there) - 1} more of its sequence" if len(there) > 1 else ""
            raise TargetError(
                f"{there[0]}{more} exists already; give --overwrite to replace it"
                if there[0] == Path(self.name)
                else f"{there[0]}{more} exists already; give --overwrite to replace the sequence"
            )
        if not self.folder.is_dir():
            what = "is not a folder" if self.folder.exists() else "does not exist"
            raise TargetError(f"cannot write {self.name}: its folder {self.folder} {what}")
        if there and not _regular(there[0]):
            raise TargetError(f"cannot write {self.name}: it is not a regular file")

    def begin(self) -> None:
        """Make an empty part, which proves that the folder can be written to.

        What an earlier run left under that name is replaced. Raises :exc:`TargetError`.
        """
        if self.pipe:
            return
        try:
            self.discard()
            if self.numbered:
                self.part.mkdir()
            else:
                self.part.open("xb").close()
        except OSError as exc:
            raise TargetError(f"cannot write {self.name}: {_reason(exc)}") from exc

    def commit(self) -> list[Path]:
        """Give the part its final name, and return what now lies there.

        Raises :exc:`MediaError` where the file system refuses.
        """
        if self.pipe:
            return []
        try:
            if not self.numbered:
                os.replace(self.part, self.name)
                return [Path(self.name)]
            names = sorted(os.listdir(self.part))
            for name in names:
                os.replace(self.part / name, self.folder / name)
            self.part.rmdir()
            return [self.folder / name for name in names]
        except OSError as exc:
            raise MediaError(f"cannot name {self.part} {self.name}: {_reason(exc)}") from exc

    def discard(self) -> None:
        """Remove the part, if there is one."""
        if self.pipe:
            return
        if self.part.is_dir() and not self.part.is_symlink():
            shutil.rmtree(self.part)
        else:
            self.part.unlink(missing_ok=True)


def _split(name: str) -> tuple[str, str, str]:
    match = _NUMBER.search(name)
    assert match is not None
    return name[: match.start()], match.group(), name[match.end() :]


def _same(path: Path, name: str) -> bool:
    try:
        return os.path.samefile(path, name)
    except OSError:  # a URL, a pattern, or nothing there: not a file that could be the same
        return False


def _regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return path.is_symlink()  # a dangling link: replaced by the rename


def _reason(exc: OSError) -> str:
    return (exc.strerror or str(exc)).lower()
