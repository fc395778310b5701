"""Where a published network is: by the name of its card, or a file of the user's own."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from streamfx import GraphError, StreamfxError
from streamfx.models import shelf
from streamfx.models.cache import check
from streamfx.models.card import ModelCard
from streamfx.nodes.matting._recipe import Recipe, recipe


@dataclass(frozen=True, slots=True)
class Published:
    """A network in ONNX and what its card says."""

    card: ModelCard
    """The card itself."""
    recipe: Recipe
    """How it is fed."""
    file: Path | None
    """The user's own file; None: the store has it, by the card's name."""

    def verify(self) -> None:
        """See that a file of the user's own is the one that its card means, where the card says.

        Raises :exc:`ModelError`.
        """
        if self.file is not None and self.card.files:
            check(self.card, self.card.files[0], self.file)


def published(model: str, card: str = "") -> Published:
    """Return the network that a user means by a name, or by the path of its file.

    Reads the card and no weights. Raises :exc:`GraphError`.
    """
    try:
        return _own(Path(model), card) if _is_path(model) else _known(model, card)
    except GraphError:
        raise
    except StreamfxError as exc:  # a card that is no card: before a frame is touched
        raise GraphError(str(exc)) from exc


def _is_path(model: str) -> bool:
    return model.endswith((".onnx", ".toml")) or "/" in model or os.sep in model


def _known(name: str, card: str) -> Published:
    if card:
        raise GraphError(f"card goes with a file of your own; {name!r} has one already")
    there = {known: entry for known, entry in shelf.shipped().items() if _in_onnx(entry)}
    if name not in there:
        names = ", ".join(there) or "none"
        raise GraphError(f"no ONNX network {name!r}; there are: {names}, or the path of a file")
    return Published(there[name], recipe(name, there[name].io), None)


def _in_onnx(card: ModelCard) -> bool:
    return bool(card.files) and card.files[0].name.endswith(".onnx") and card.task == "matting"


def _own(path: Path, card: str) -> Published:
    path = path.expanduser()
    says = path if path.suffix == ".toml" else path.with_suffix(".toml")
    says = Path(card).expanduser() if card else says
    if not says.is_file():
        raise GraphError(f"no card {says}: it says how to feed {path.name} (docs/matting-onnx.md)")
    name = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-") or "network"
    found = shelf.read(name, says)
    if path.suffix == ".toml":
        path = path.parent / (found.files[0].name if found.files else f"{path.stem}.onnx")
    if not path.is_file():
        raise GraphError(f"no file {path}")
    return Published(found, recipe(str(says), found.io), path)
