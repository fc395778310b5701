"""What a live run says of itself: what it shows, how it fares, what has happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from streamfx.engine.ladder import Rung
from streamfx.engine.meter import StepTime
from streamfx.frame import Frame

State = Literal["running", "waiting", "passing"]
"""The graph works; an input of it is missing; it failed. In the last two the picture passes."""

Kind = Literal["rung", "failed", "recovered", "waiting", "switched", "late"]


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture that is to be shown."""

    frame: Frame
    """The picture itself. Its instants grow from one to the next."""
    source: Frame
    """What came in and led to it."""
    offered: float
    """When that came in, on the run's clock."""
    done: float
    """When the picture was ready, on the run's clock."""
    rung: Rung
    """How much was done for it."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that the people of a session should know."""

    kind: Kind
    why: str
    """One sentence."""
    node: str = ""
    """Id of the node that it is about, where there is one."""


@dataclass(frozen=True, slots=True)
class LiveStats:
    """How a live run fares."""

    frames_in: int
    """Pictures offered so far."""
    frames_out: int
    """Pictures shown so far."""
    dropped: int
    """Pictures offered but never worked on: a newer one came, or the rung left them out."""
    late: int
    """Joins that took what was there because the other stream had not come far enough."""
    fps_in: float
    """Pictures offered in a second, of late."""
    fps_out: float
    """Pictures shown in a second, of late."""
    load: float
    """Time that the work takes as a share of the time there is; above 1 it cannot keep up."""
    rung: Rung
    """How much is done for each picture."""
    steps: tuple[StepTime, ...]
    """What each node has cost over the last second or two."""
    state: State
    why: str
    """Why the picture passes through; empty while running."""
