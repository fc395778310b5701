"""Where a published network in ONNX is: by the name of its card, or a file of the user's own."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from streamfx.errors import GraphError, StreamfxError
from streamfx.models import shelf
from streamfx.models.cache import check
from streamfx.models.card import ModelCard

R = TypeVar("R")
Read = Callable[[str, Mapping[str, Any]], R]
"""Turns the table ``[io]`` of the card of that name into what a node takes it for."""


@dataclass(frozen=True, slots=True)
class Published(Generic[R]):
    """A network in ONNX and what its card says."""

    card: ModelCard
    """The card itself."""
    recipe: R
    """How it is fed."""
    file: Path | None
    """The user's own file; None: the store has it, by the card's name."""

    def verify(self) -> None:
        """See that a file of the user's own is the one that its card means, where the card says.

        Raises :exc:`ModelError`.
        """
        if self.file is not None and self.card.files:
            check(self.card, self.card.files[0], self.file)


def published(model: str, card: str, task: str, read: Read[R], manual: str) -> Published[R]:
    """Return the network that a user means by a name, or by the path of its file.

    Only names of cards for a ``task`` are known; ``manual`` is the page that tells how to write
    one. Reads the card and no weights. Raises :exc:`GraphError`.
    """
    try:
        if _is_path(model):
            return _own(Path(model), card, read, manual)
        return _known(model, card, task, read)
    except GraphError:
        raise
    except StreamfxError as exc:  # a card that is no card: before a frame is touched
        raise GraphError(str(exc)) from exc


def _is_path(model: str) -> bool:
    return model.endswith((".onnx", ".toml")) or "/" in model or os.sep in model


def _known(name: str, card: str, task: str, read: Read[R]) -> Published[R]:
    if card:
        raise GraphError(f"card goes with a file of your own; {name!r} has one already")
    there = {known: entry for known, entry in shelf.shipped().items() if _in_onnx(entry, task)}
    if name not in there:
        names = ", ".join(there) or "none"
        raise GraphError(f"no ONNX network {name!r}; there are: {names}, or the path of a file")
    return Published(there[name], read(name, there[name].io), None)


def _in_onnx(card: ModelCard, task: str) -> bool:
    return bool(card.files) and card.files[0].name.endswith(".onnx") and card.task == task


def _own(path: Path, card: str, read: Read[R], manual: str) -> Published[R]:
    path = path.expanduser()
    says = path if path.suffix == ".toml" else path.with_suffix(".toml")
    says = Path(card).expanduser() if card else says
    if not says.is_file():
        raise GraphError(f"no card {says}: it says how to feed {path.name} ({manual})")
    name = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-") or "network"
    found = shelf.read(name, says)
    if path.suffix == ".toml":
        path = path.parent / (found.files[0].name if found.files else f"{path.stem}.onnx")
    if not path.is_file():
        raise GraphError(f"no file {path}")
    return Published(found, read(str(says), found.io), path)
