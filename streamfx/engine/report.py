"""What a run did, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import Any

from streamfx.engine.meter import StepTime
from streamfx.timing import Stretch


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands."""

    frames_in: int
    """Frames decoded so far."""
    frames_out: int
    """Frames encoded so far."""
    instant: Fraction
    """Seconds of the source that have been reached."""
    whole: Fraction | None
    """Seconds that there are, where the container says."""
    elapsed: float
    """Seconds since the run began."""

    @property
    def done(self) -> float | None:
        """Share of the work that is done, 0 to 1; None where nobody knows the whole."""
        if not self.whole:
            return None
        return min(max(float(self.instant / self.whole), 0.0), 1.0)

    @property
    def speed(self) -> float:
        """Frames decoded in a second."""
        return self.frames_in / self.elapsed if self.elapsed > 0 else 0.0

    @property
    def remaining(self) -> float | None:
        """Seconds until the end, at the speed so far."""
        done = self.done
        return None if not done else self.elapsed * (1 - done) / done


@dataclass(frozen=True, slots=True)
class Sync:
    """How picture and sound lie beside each other in the output, compared with the source."""

    first: Fraction | None
    """Seconds by which the picture's begin moved against the sound's; None without sound."""
    last: Fraction | None
    """The same for their ends."""
    duration: Fraction
    """Seconds by which the picture's length changed."""


@dataclass(frozen=True, slots=True)
class DamagedRange:
    """A stretch of the source that could not be decoded cleanly."""

    start: Fraction
    end: Fraction
    what: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did."""

    source: str
    target: str
    title: str
    """Title of the graph."""
    frames_in: int
    frames_out: int
    elapsed: float
    """Seconds that the run took."""
    video_in: Stretch
    video_out: Stretch
    sync: Sync
    steps: tuple[StepTime, ...] = ()
    """Time of each node."""
    stages: Mapping[str, float] = field(default_factory=dict)
    """Seconds that each thread was busy: decode, compute, encode. They overlap."""
    damaged: tuple[DamagedRange, ...] = ()
    corrupt: int = 0
    """Frames decoded from damaged data."""
    repeated: int = 0
    """Frames that show the same picture as the one before."""
    truncated: str = ""
    """Empty, or what says that the source ended early."""
    interrupted: bool = False
    """Whether the caller stopped the run."""
    colour_in: str = ""
    colour_out: str = ""
    device: str = "cpu"
    notes: tuple[str, ...] = ()
    """Everything that was decided silently elsewhere."""

    @property
    def speed(self) -> float:
        """Frames decoded in a second of the run."""
        return self.frames_in / self.elapsed if self.elapsed > 0 else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON; instants exact and in seconds."""
        plain: dict[str, Any] = _plain(asdict(self))
        plain["speed"] = round(self.speed, 3)
        for step, time in zip(plain["steps"], self.steps, strict=True):
            step["ms_per_item"] = round(time.milliseconds, 4)
        return plain


def _plain(value: Any) -> Any:  # noqa: ANN401  whatever a report holds
    match value:
        case Fraction():
            return {"seconds": float(value), "exact": str(value)}
        case dict() | Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case float():
            return round(value, 6)
    return value
