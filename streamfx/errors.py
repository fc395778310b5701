"""Everything streamfx raises.

* StreamfxError
  * UserError           what was asked for cannot be: known before a frame is touched (exit code 2)
    * GraphError        the graph as written cannot run: bad node, port, wire or cycle
      * ParamError      a parameter is missing, of the wrong type, or out of bounds
    * SourceError       an input cannot be used: missing, a directory, no video, not a video file
    * TargetError       an output cannot be used: exists, is the input, unknown codec or container
    * SettingError      an option of a run cannot be used: device, range, rate, encoder
  * RunError            the world failed while running (exit code 1)
    * NodeError         a node failed; says which node, at which instant
    * MediaError        reading or writing failed half-way: damage, a full disk, a lost connection
    * ModelError        a model is unknown, or its file is not the one we know
  * Stopped             the caller asked the run to stop; what was rendered is kept (exit code 130)
"""

from __future__ import annotations

from fractions import Fraction


class StreamfxError(Exception):
    """Base of every error streamfx raises on purpose."""


class UserError(StreamfxError):
    """What was asked for cannot be. Known before a frame is touched."""


class GraphError(UserError):
    """The graph as written cannot run."""


class ParamError(GraphError):
    """A parameter is missing, of the wrong type, or out of bounds."""


class SourceError(UserError):
    """An input cannot be used."""


class TargetError(UserError):
    """An output cannot be used."""


class SettingError(UserError):
    """An option of a run cannot be used."""


class RunError(StreamfxError):
    """The world failed while running."""


class NodeError(RunError):
    """A node failed while running. The node's own exception is the cause."""

    def __init__(self, node: str, pts: Fraction | None, why: str = "", port: str = "") -> None:
        where = f"node {node!r}" + (f", port {port!r}," if port else "")
        when = "" if pts is None else f" at {float(pts):.3f} s"
        super().__init__(f"{where} failed{when}" + (f": {why}" if why else ""))
        self.node = node
        """Id of the node in its graph."""
        self.pts = pts
        """Instant of the driving item, in seconds; None where no item was being worked on."""
        self.port = port
        """The port at fault, where it is one."""


class MediaError(RunError):
    """Reading or writing failed half-way."""

    def __init__(self, message: str, report: object = None) -> None:
        super().__init__(message)
        self.report = report
        """What was done until then: a :class:`~streamfx.engine.report.Report`, or None."""


class ModelError(RunError):
    """A model is unknown, or its file is not the one we know."""


class Stopped(StreamfxError):  # noqa: N818  a request of the caller, not a fault
    """The caller asked the run to stop. What was rendered until then is a whole file."""

    def __init__(self, message: str, report: object = None) -> None:
        super().__init__(message)
        self.report = report
        """What was done until then, an :class:`~streamfx.engine.report.Report`."""
