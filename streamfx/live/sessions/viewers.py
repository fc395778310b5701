"""Whoever takes a session's encoded packets, and how fast the slowest of them can."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from streamfx.media.packets import AnyPacket


class Viewer(Protocol):
    """Something that packets are sent to: a peer that watches, a push."""

    def send_video(self, packet: AnyPacket) -> None:
        """Take an encoded picture; never waits."""
        ...

    def send_sound(self, packet: AnyPacket) -> None:
        """Take encoded sound; never waits."""
        ...


class Viewers:
    """The viewers of one encoder. Belongs to the loop's thread."""

    def __init__(self) -> None:
        self._bandwidths: dict[Viewer, int | None] = {}

    def __len__(self) -> int:
        return len(self._bandwidths)

    def __iter__(self) -> Iterator[Viewer]:
        return iter(list(self._bandwidths))

    def add(self, viewer: Viewer) -> None:
        """Take in a viewer of whom no bandwidth is known yet."""
        self._bandwidths[viewer] = None

    def remove(self, viewer: Viewer) -> None:
        """Let go of a viewer; one that is not there does not matter."""
        self._bandwidths.pop(viewer, None)

    def note_bandwidth(self, viewer: Viewer, bits: int) -> None:
        """Note how many bits a second a viewer can take."""
        if viewer in self._bandwidths:
            self._bandwidths[viewer] = bits

    @property
    def bandwidth(self) -> int | None:
        """What the slowest viewer can take; None where nothing is known."""
        return min((bits for bits in self._bandwidths.values() if bits is not None), default=None)
