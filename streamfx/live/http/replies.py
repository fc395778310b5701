"""What the server says on the control socket: the shapes, for clients and for tests."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from streamfx.live.http.messages import FROM_CLIENT, Message, Secret


class Offered(Message):
    """A preset among those that can be chosen."""

    name: str
    title: str
    inputs: list[str]
    """Further inputs that it needs: ``background``, ``plate`` …"""


class Control(Message):
    """One node, as controls are made from it."""

    id: str
    use: str
    title: str
    schema_: dict[str, Any] = Field(alias="schema")
    """JSON schema of the parameters that may change live."""
    values: dict[str, Any]


class Behind(Message):
    """What stands behind."""

    kind: Literal["none", "blur", "colour", "upload"]
    value: str | None


class Preset(Offered):
    """The preset that runs."""

    nodes: list[Control]
    background: Behind
    plate: bool
    """Whether a clean plate has been taken."""


class IceServerEntry(Message):
    """As ``RTCPeerConnection`` takes it."""

    urls: list[str]
    username: str | None = None
    credential: str | None = None


class Limits(Message):
    """What may be sent up."""

    upload_bytes: int
    uploads: int


class Welcome(Message):
    """Answers ``join``."""

    type: Literal["welcome"]
    session: Secret
    """Who knows it may come back: a secret."""
    stream: str
    """Where viewers find it."""
    resumed: bool
    presets: list[Offered]
    preset: Preset
    ice_servers: list[IceServerEntry]
    limits: Limits
    record: bool
    """Whether recording is allowed."""
    linger: float
    """Seconds within which a lost client can come back."""


class Answer(Message):
    """Answers ``offer``, with all candidates."""

    type: Literal["answer"]
    sdp: str


class PresetNow(Preset):
    """The graph has changed."""

    type: Literal["preset"]


class ParamNow(Message):
    """A parameter has changed."""

    type: Literal["set"]
    node: str
    param: str
    value: Any


class BackgroundNow(Behind):
    """What stands behind has changed."""

    type: Literal["background"]


class PlateNow(Message):
    """How the clean plate is coming along."""

    type: Literal["plate"]
    state: Literal["taking", "taken", "failed"]
    why: str = ""


class Recorded(Message):
    """A file that can be downloaded."""

    name: str
    kind: str
    """``input`` or ``output``."""
    bytes: int
    seconds: float


class RecordNow(Message):
    """Whether it records, and what there is."""

    type: Literal["record"]
    on: bool
    files: list[Recorded]
    why: str | None = None


class PushNow(Message):
    """How the push is coming along."""

    type: Literal["push"]
    state: Literal["connecting", "live", "lost", "stopped", "failed"]
    why: str = ""


class StateNow(Message):
    """How the graph is coming along."""

    type: Literal["state"]
    state: Literal["running", "waiting", "passing"]
    why: str = ""
    rung: str


class Latency(Message):
    """Milliseconds from a picture's arrival to its leaving, of late."""

    p50: float | None
    p95: float | None


class NodeTime(Message):
    """Milliseconds that a node takes for a picture, of late."""

    id: str
    ms: float


class Stats(Message):
    """Each second: how it runs."""

    type: Literal["stats"]
    fps_in: float
    fps_out: float
    frames_in: int
    frames_out: int
    dropped: int
    late: int
    latency_ms: Latency
    bits_in: float
    bits_out: float
    round_trip_ms: float | None
    rung: str
    load: float
    nodes: list[NodeTime]
    viewers: int


class Error(Message):
    """Something that was asked for cannot be."""

    type: Literal["error"]
    code: str
    """A word for programs: ``token``, ``message``, ``full``, ``unknown`` …"""
    why: str
    """A sentence for people."""
    about: str
    """Type of the message that it answers."""


class Pong(Message):
    """Answers ``ping``."""

    type: Literal["pong"]
    at: float


class Bye(Message):
    """The last message."""

    type: Literal["bye"]
    why: str
    code: Literal["replaced", "draining", "ended"] = "ended"
    """``replaced``: another channel opened the session, so coming back would take it away."""


FromServer = Annotated[
    Welcome
    | Answer
    | PresetNow
    | ParamNow
    | BackgroundNow
    | PlateNow
    | RecordNow
    | PushNow
    | StateNow
    | Stats
    | Error
    | Pong
    | Bye,
    Field(discriminator="type"),
]
FROM_SERVER: TypeAdapter[FromServer] = TypeAdapter(FromServer)


def schemas() -> dict[str, Any]:
    """Return the JSON schemas of both directions."""
    return {"client": FROM_CLIENT.json_schema(), "server": FROM_SERVER.json_schema()}
