"""The container's packets in order, with what was wrong among them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream

from streamfx.errors import MediaError
from streamfx.media.damage import DamageLog

AnyPacket: TypeAlias = "Packet[Stream]"

PATIENCE = 1000
"""Read errors in a row after which the rest of a container counts as unreadable."""


@dataclass(frozen=True, slots=True, eq=False)
class Copied:
    """A packet to be copied to the output as it is."""

    packet: AnyPacket
    """The packet; its pts and dts count ``packet.time_base``, on the source's own timeline."""
    stream: Stream
    """The input stream that it belongs to."""

    @property
    def pts(self) -> Fraction:
        """Seconds on the source's own timeline at which it is to be shown or heard."""
        return start_of(self.packet)

    @property
    def end(self) -> Fraction:
        """Seconds at which it is over; ``pts`` where no duration is known."""
        return end_of(self.packet)


def start_of(packet: AnyPacket) -> Fraction:
    """Return when a packet is shown, in seconds; it must have a pts or a dts."""
    ticks = packet.pts if packet.pts is not None else packet.dts
    assert ticks is not None
    return ticks * packet.time_base


def end_of(packet: AnyPacket) -> Fraction:
    """Return when a packet is over, in seconds; it must have a pts or a dts."""
    return start_of(packet) + (packet.duration or 0) * packet.time_base


class Packets:
    """Demux a container, go on after damage, and know how far it came."""

    def __init__(self, container: InputContainer, damage: DamageLog, name: str) -> None:
        self._container = container
        self._damage = damage
        self._name = name
        self._demuxed: Iterator[AnyPacket] = container.demux()
        self._lost_at: Fraction | None = None
        self.reached: Fraction | None = None
        """Seconds: the end of the latest packet read so far; None before the first."""
        self.ended = False
        """Whether the container has been read to its end."""

    def seek(self, stream: Stream, instant: Fraction) -> bool:
        """Go to the keyframe at or before ``instant``; return whether the container can."""
        assert stream.time_base is not None
        ticks = int(instant // stream.time_base)
        try:
            self._container.seek(ticks, stream=stream)
        except av.error.FFmpegError:
            return False
        self._demuxed = self._container.demux()
        self.ended = False
        self._lost_at = None
        return True

    def read(self) -> AnyPacket | None:
        """Return the next packet, None at the end. Raises :exc:`MediaError` when reading fails."""
        errors = 0
        while not self.ended:
            try:
                packet = next(self._demuxed)
            except (StopIteration, IndexError):
                break  # IndexError: PyAV ends so where a stream appeared after the header
            except av.error.ExitError as exc:
                raise MediaError(f"{self._name}: the source stopped sending") from exc
            except av.error.FFmpegError as exc:
                if isinstance(exc, (OSError, av.error.HTTPError, av.error.HTTPClientError)):
                    at = f" after {float(self.reached):.3f} s" if self.reached is not None else ""
                    raise MediaError(f"{self._name}: reading failed{at}: {exc.strerror}") from exc
                errors += 1
                self._lost_at = self._lost_at or self.reached or Fraction(0)
                if errors > PATIENCE:
                    break
                self._demuxed = self._container.demux()
                continue
            if packet.size == 0 and packet.pts is None and packet.dts is None:
                continue  # PyAV's mark that a stream is over; the decoder is flushed by its owner
            self._note(packet)
            return packet
        self._close()
        return None

    def _note(self, packet: AnyPacket) -> None:
        if packet.pts is None and packet.dts is None:
            return
        if self._lost_at is not None:
            self._damage.add(self._lost_at, start_of(packet), "unreadable data")
            self._lost_at = None
        end = end_of(packet)
        self.reached = end if self.reached is None else max(self.reached, end)

    def _close(self) -> None:
        if not self.ended and self._lost_at is not None:
            self._damage.add(self._lost_at, self.reached or self._lost_at, "unreadable data")
        self.ended = True
