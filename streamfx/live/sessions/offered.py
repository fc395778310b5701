"""The presets that live sessions may run: those whose further inputs a session can bring."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from streamfx.catalog import Catalog
from streamfx.errors import GraphError, SettingError
from streamfx.frame import AudioInfo, Frame, VideoInfo
from streamfx.graph import preset
from streamfx.graph.build import Pipeline, build
from streamfx.graph.plan import plan
from streamfx.graph.spec import GraphSpec
from streamfx.live.refusal import unknown

log = logging.getLogger(__name__)

INPUTS = ("background", "plate")
"""Named inputs that a session has."""

FIRST = (
    "webcam-background",
    "webcam-blur",
    "webcam-plate",
    "plate-background",
    "plate-blur",
    "soft-focus",
)
"""What the page offers first, as far as it is there."""

_TRIAL = VideoInfo(1280, 720, Fraction(30), frames=9000)
_HEARD = AudioInfo(48000, 2)
_LENGTH = 9000 / _TRIAL.fps
"""Seconds that the trial lasts."""


@dataclass(frozen=True, slots=True)
class Offered:
    """One preset that clients may choose."""

    name: str
    spec: GraphSpec
    catalog: Catalog
    inputs: tuple[str, ...]
    """Named inputs that it listens to."""

    def pipeline(self) -> Pipeline:
        """Return it with nodes of its own."""
        return build(self.spec, self.catalog)

    def summary(self) -> dict[str, Any]:
        """Return it for a list of choices."""
        return {"name": self.name, "title": self.spec.title, "inputs": list(self.inputs)}


class Offer:
    """The presets of one server, the first choices first."""

    def __init__(self, names: Iterable[str] = (), node_files: Iterable[str] = ()) -> None:
        catalog = Catalog.installed()
        for path in node_files:
            catalog.add_file(path)
        wanted = list(names)
        self._known: dict[str, Offered] = {}
        for name in wanted or _by_rank(preset.shipped()):
            try:
                offered = _offered(name, catalog)
            except GraphError:
                if wanted:
                    raise
                log.exception("preset %s is left out", name)
                continue
            if offered is not None and offered.name in self._known:
                raise SettingError(f"two presets are called {offered.name!r}: rename one")
            if offered is not None:
                self._known[offered.name] = offered
            elif wanted:
                raise SettingError(
                    f"preset {name!r} cannot run live: it needs inputs besides the camera, "
                    f"{' and '.join(INPUTS)}, puts out more than pictures, holds them back to the "
                    "end, or changes their speed"
                )

    @property
    def first(self) -> Offered:
        """What runs where nobody chose."""
        return next(iter(self._known.values()))

    def __iter__(self) -> Iterator[Offered]:
        return iter(self._known.values())

    def find(self, name: str | None) -> Offered:
        """Return a preset by name, the first one for None, or raise a 404 refusal.

        A name from the network is only looked up here, so it cannot reach a file.
        """
        if name is None:
            return self.first
        if name not in self._known:
            raise unknown("preset", name)
        return self._known[name]


def _by_rank(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda n: (FIRST.index(n) if n in FIRST else len(FIRST), n))


def _offered(name: str, catalog: Catalog) -> Offered | None:
    """Return a preset that can run live, or None for one that cannot."""
    spec = preset.load(name)
    pipeline = build(spec, catalog)
    inputs = tuple(pipeline.named_inputs())
    if any(each not in INPUTS for each in inputs) or set(pipeline.outputs) - {"video", "audio"}:
        return None
    if not _keeps_up(pipeline):
        return None
    short = Path(name).stem if name.endswith(".toml") else name
    return Offered(short, spec, catalog, inputs)


def _keeps_up(pipeline: Pipeline) -> bool:
    """Return whether pictures come out before the end, and at the camera's own speed."""
    infos = {feed: _TRIAL if kind is Frame else _HEARD for feed, kind in pipeline.inputs.items()}
    try:
        made = plan(pipeline, infos)
    except GraphError:  # it may still take what a camera brings
        return True
    return made.latency < _LENGTH and made.video.speed == 1
