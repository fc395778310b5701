"""Frames from RTP packets that come late, twice, in disorder or not at all."""

from __future__ import annotations

from dataclasses import dataclass

from streamfx.live.transport.clockwork import unwrapped
from streamfx.live.transport.pieces import Piece

MAX_PIECES = 2048
"""Packets kept: two keyframes of 1080p at the bitrates that are sent."""
MAX_JUMP = 3000
"""Sequence numbers off at which a stream counts as started anew (RFC 3550, appendix A.1)."""
BLIND = 3.0
"""Seconds without a keyframe after which pictures are decoded although some before are missing."""
RENACK = 0.06
"""Seconds after which a packet still missing is asked for again."""
MAX_NACKS = 5
MAX_NACKED = 64
"""Packets asked for at once."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A whole frame as it was encoded."""

    timestamp: int
    data: bytes
    arrived: float
    """When its last packet came, on :func:`time.perf_counter`."""
    key: bool = True


class Assembly:
    """Puts the packets of one stream in order and hands out frames as soon as they are whole.

    A frame is whole with its marker bit, or with the first packet of the next. A packet that is
    missing is waited for ``patience`` seconds. Of ``video`` everything from there to the next
    keyframe is then dropped and counted, and :attr:`wants_key` is set; sound just goes on.
    """

    def __init__(self, *, video: bool, patience: float) -> None:
        self.patience = patience
        self.discarded = 0
        """Frames dropped."""
        self.wants_key = False
        """Whether a keyframe should be asked for; whoever does so resets it."""
        self._video = video
        self._pieces: dict[int, Piece] = {}
        self._keys: list[int] = []
        self._asked: dict[int, tuple[float, int]] = {}
        self._next: int | None = None
        self._highest = 0
        self._gap_since: float | None = None
        self._cut = False
        self._waiting = video
        self._waiting_since: float | None = None

    def add(self, sequence: int, piece: Piece, now: float) -> list[Encoded]:
        """Take a packet, and return the frames that are whole with it."""
        number = unwrapped(sequence, None if self._next is None else self._highest, 16)
        if self._next is None or abs(number - self._highest) > MAX_JUMP:
            self._restart(number)
        assert self._next is not None
        if number < self._next or number in self._pieces:
            return []
        self._pieces[number] = piece
        self._asked.pop(number, None)
        self._highest = max(self._highest, number)
        if self._video and piece.key and piece.starts:
            self._keys.append(number)
        return self.due(now)

    def due(self, now: float) -> list[Encoded]:
        """Return the frames that are whole, giving up on what was waited for long enough."""
        frames = self._whole(now)
        while self._holed():
            if self._gap_since is None:
                self._gap_since = now
            key = self._whole_key()
            if key is not None:
                self._skip_to(key)
            elif now - self._gap_since >= self.patience or len(self._pieces) > MAX_PIECES:
                self._skip_to(self._after_hole())
                self._give_up()
            else:
                break
            frames += self._whole(now)
        if len(self._pieces) > MAX_PIECES:  # a frame that does not end
            self._skip_to(self._highest + 1)
            self._give_up()
        return frames

    @property
    def gap(self) -> bool:
        """Whether a packet is waited for."""
        return self._gap_since is not None

    def missing(self, now: float) -> list[int]:
        """Return the sequence numbers to ask for now (RFC 4585, section 6.2.1)."""
        if self._next is None or not self._holed():
            return []
        wanted = []
        for number in range(max(self._next, self._highest - MAX_PIECES), self._highest):
            if number in self._pieces:
                continue
            at, times = self._asked.get(number, (0.0, 0))
            if times < MAX_NACKS and (not times or now - at > RENACK):
                self._asked[number] = (now, times + 1)
                wanted.append(number & 0xFFFF)
            if len(wanted) >= MAX_NACKED:
                break
        return wanted

    def _give_up(self) -> None:
        """Count a frame that will not come; go on with the next keyframe."""
        self.discarded += 1
        if self._video:
            self._waiting = self._cut = self.wants_key = True

    def _restart(self, number: int) -> None:
        self._pieces.clear()
        self._keys.clear()
        self._asked.clear()
        self._next = self._highest = number
        self._gap_since = None
        if self._video:
            self._waiting = self._cut = True
            self._waiting_since = None

    def _holed(self) -> bool:
        """Return whether a packet is missing among those that came."""
        return self._next is not None and self._highest - self._next >= len(self._pieces)

    def _run(self, start: int) -> tuple[int, list[Piece]] | None:
        """Return where the frame that begins at ``start`` ends, and its pieces, if it is whole."""
        number = start
        pieces: list[Piece] = []
        while (piece := self._pieces.get(number)) is not None:
            if pieces and piece.timestamp != pieces[0].timestamp:
                return number, pieces
            pieces.append(piece)
            number += 1
            if piece.marker:
                return number, pieces
        return None

    def _whole(self, now: float) -> list[Encoded]:
        frames = []
        while self._next is not None and (run := self._run(self._next)) is not None:
            end, pieces = run
            self._skip_to(end)
            frame = self._taken(pieces, now)
            if frame is not None:
                frames.append(frame)
        return frames

    def _taken(self, pieces: list[Piece], now: float) -> Encoded | None:
        data = b"".join(piece.data for piece in pieces)
        if not data:
            return None
        first = next(piece for piece in pieces if piece.data)
        arrived = max(piece.arrived for piece in pieces)
        key = any(piece.key for piece in pieces)
        frame = Encoded(first.timestamp, data, arrived, key or not self._video)
        if not self._video:
            return frame
        cut, self._cut = self._cut, False
        whole = first.starts if cut else first.opens
        if self._waiting and not (key and whole):
            if self._waiting_since is None:
                self._waiting_since = now
            if not whole or now - self._waiting_since < BLIND:
                self.discarded += 1
                self.wants_key = True
                return None
        self._waiting = False
        self._waiting_since = None
        return frame

    def _whole_key(self) -> int | None:
        for number in self._keys:
            if self._run(number) is not None:
                return number
        return None

    def _after_hole(self) -> int:
        assert self._next is not None
        number = self._next
        while number in self._pieces:
            number += 1
        while number not in self._pieces and number <= self._highest:
            number += 1
        return number

    def _skip_to(self, number: int) -> None:
        assert self._next is not None
        for passed in range(self._next, number):
            self._pieces.pop(passed, None)
            self._asked.pop(passed, None)
        self._next = number
        self._keys = [one for one in self._keys if one >= number]
        self._gap_since = None
