"""What is known of a model without opening it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal, TypeAlias

from pydantic import ConfigDict

from streamfx.errors import ModelError

Kind: TypeAlias = Literal["own", "wheel", "url", "file"]
"""Where weights come from: our own wheel, another package's, an address, the user's disk."""

NAME = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
"""What a model of the shelf may be called."""

_HASH = re.compile(r"[0-9a-f]{64}")
_LICENCE = re.compile(r"[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) [A-Za-z0-9.+-]+)*")
_ENTRY = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_STRICT = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file of a model."""

    __pydantic_config__ = _STRICT

    name: str
    """What it is called in the store; its ending says its format."""
    sha256: str = ""
    """Hash of its bytes; empty only for a file of the user's own."""
    size: int = 0
    """Bytes; 0: not known."""
    member: str = ""
    """Its path inside the wheel; empty for other sources."""
    urls: tuple[str, ...] = ()
    """Its addresses, the publisher's first, then mirrors; empty for other sources."""

    def __post_init__(self) -> None:
        if not self.name or PurePosixPath(self.name).name != self.name or "\\" in self.name:
            raise ModelError(f"a file's name is one without folders, got {self.name!r}")
        if self.sha256 and not _HASH.fullmatch(self.sha256):
            raise ModelError(f"{self.name}: sha256 is 64 hex digits, got {self.sha256!r}")
        if self.size < 0:
            raise ModelError(f"{self.name}: size must be at least 0 bytes, got {self.size}")
        for url in self.urls:
            if not url.startswith(("https://", "http://")):
                raise ModelError(f"{self.name}: urls are http(s) addresses, got {url!r}")


@dataclass(frozen=True, slots=True)
class Source:
    """Where weights come from."""

    __pydantic_config__ = _STRICT

    kind: Kind = "file"
    """``own``, ``wheel``, ``url`` or ``file``."""
    about: str = ""
    """Who made and published them, for people to read."""
    home: str = ""
    """The publisher's page; empty: none."""
    package: str = ""
    """``name==version`` of the package whose wheel carries them; empty for other sources."""
    wheel: str = ""
    """File name of that wheel, which says for which Python and system it is."""
    sha256: str = ""
    """Hash of that wheel."""
    size: int = 0
    """Bytes of that wheel; 0: not known."""

    def __post_init__(self) -> None:
        if self.kind != "wheel":
            return
        if not re.fullmatch(r"[\w.-]+==[\w.]+", self.package):
            raise ModelError(f"source.package is name==version, got {self.package!r}")
        if not self.wheel.endswith(".whl") or self.wheel.count("-") != 4:
            raise ModelError(f"source.wheel is the file name of a wheel, got {self.wheel!r}")
        if not _HASH.fullmatch(self.sha256):
            raise ModelError(f"source.sha256 is the wheel's 64 hex digits, got {self.sha256!r}")


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One model, as known before its weights are read."""

    __pydantic_config__ = _STRICT

    name: str
    """What nodes and presets call it."""
    licence: str
    """SPDX expression of the weights' licence, as their publisher states it."""
    title: str = ""
    """What it does, in one line."""
    task: str = ""
    """One word for what it is for: matting, face, pose, hand, upscale ...; empty: not said."""
    source: Source = field(default_factory=Source)
    """Where the weights come from."""
    files: tuple[WeightFile, ...] = ()
    """Its files, the one that is opened first; empty: built by code alone."""
    scale: int = 1
    """Pixels out for each pixel in, along one side."""
    size: tuple[int, int] | None = None
    """(height, width) in pixels that it takes; None: any."""
    multiple: int = 1
    """Height and width must be multiples of this; 1: any."""
    dtypes: tuple[str, ...] = ("float32",)
    """What it may compute in, by torch's names."""
    parameters: int = 0
    """Numbers that were learned; 0: not counted."""
    trained_on: tuple[str, ...] = ()
    """Data that it has seen, one set a line; empty: not said."""
    command: str = ""
    """What makes the weights or the scores again; empty: nothing does."""
    scores: Mapping[str, float | str] = field(default_factory=dict)
    """What was measured: a name with its unit to a number or a text; empty: nothing."""
    network: str = ""
    """``module:Class`` of the network that takes the weights; empty: the file says it itself."""
    io: Mapping[str, Any] = field(default_factory=dict)
    """How to feed it: ``mean`` and ``std`` of its normalisation, ``outputs``, states ..."""

    def __post_init__(self) -> None:
        if not _LICENCE.fullmatch(self.licence):
            raise ModelError(f"{self._who} licence is an SPDX expression, got {self.licence!r}")
        if self.network and not _ENTRY.fullmatch(self.network):
            raise ModelError(f"{self._who} network is module:Class, got {self.network!r}")
        for key in ("scale", "multiple"):
            if getattr(self, key) < 1:
                raise ModelError(f"{self._who} {key} must be at least 1, got {getattr(self, key)}")
        if self.size is not None and min(self.size) < 1:
            raise ModelError(f"{self._who} size must be at least 1x1, got {self.size}")
        names = [file.name for file in self.files]
        if len(set(names)) < len(names):
            raise ModelError(f"{self._who} two files have one name: {', '.join(names)}")
        for file in self.files:
            self._check(file)

    @property
    def sha256(self) -> str:
        """Hash of the file that is opened; empty where there is none, or it is the user's."""
        return self.files[0].sha256 if self.files else ""

    @property
    def bytes(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def _who(self) -> str:
        return f"model {self.name!r}:"

    def _check(self, file: WeightFile) -> None:
        kind = self.source.kind
        if kind != "file" and not file.sha256:
            raise ModelError(f"{self._who} {file.name} needs its sha256")
        if kind == "wheel" and not file.member:
            raise ModelError(f"{self._who} {file.name} needs its member, its path in the wheel")
        if kind == "url" and not file.urls:
            raise ModelError(f"{self._who} {file.name} needs its urls")
