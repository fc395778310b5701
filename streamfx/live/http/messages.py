"""What a client says on the control socket, checked against a schema."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from streamfx.live.refusal import Refusal

SDP_BYTES = 64 << 10
"""Longest session description, in characters."""
NAME = r"^[A-Za-z0-9_][A-Za-z0-9_.\-]{0,63}$"
"""What streams, presets, nodes and parameters may be called."""
SECRET = r"^[A-Za-z0-9_\-]{8,128}$"
"""What the names look like that only their owners know: sessions, connections, uploads."""

Name = Annotated[str, Field(pattern=NAME)]
Secret = Annotated[str, Field(pattern=SECRET)]
Line = Annotated[str, Field(max_length=1024, pattern=r"^[^\r\n\x00]*$")]
Sdp = Annotated[str, Field(min_length=1, max_length=SDP_BYTES)]
Scalar = bool | int | float | Annotated[str, Field(max_length=1024)]
Value = Scalar | Annotated[list[Scalar], Field(max_length=64)] | None
"""A parameter's value: what a JSON schema of one parameter can ask for."""


class Message(BaseModel):
    """A JSON object without anything that is not known."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Join(Message):
    """First of all, within 5 seconds: who comes, and what for."""

    type: Literal["join"]
    access: Annotated[str, Field(max_length=512)] | None = None
    """The server's token, where it asks for one and no header carries it."""
    session: Secret | None = None
    """The session to come back to."""
    stream: Name | None = None
    """Name to publish under; else the server finds one."""
    preset: Name | None = None
    """The graph to begin with; else the first that is offered."""


class Offer(Message):
    """A session description (RFC 8829); ``answer`` follows."""

    type: Literal["offer"]
    sdp: Sdp


class Candidate(Message):
    """A further ICE candidate; an empty one ends them (RFC 8838)."""

    type: Literal["candidate"]
    candidate: Line
    mid: Annotated[str, Field(max_length=64, pattern=r"^[^\s\x00]*$")]
    """The media section it belongs to (RFC 5888)."""

    def fragment(self) -> str:
        """Return it as an SDP fragment (RFC 8840)."""
        text = self.candidate.removeprefix("a=")
        line = f"a={text}" if text else "a=end-of-candidates"
        return f"m=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:{self.mid}\r\n{line}\r\n"


class SetParam(Message):
    """A live parameter of a node; ``set`` comes back with the value as it was taken."""

    type: Literal["set"]
    node: Name
    param: Name
    value: Value


class ChoosePreset(Message):
    """Another graph, while it runs; ``preset`` comes back."""

    type: Literal["preset"]
    name: Name


class ChooseBackground(Message):
    """What stands behind; ``background`` comes back."""

    type: Literal["background"]
    kind: Literal["none", "blur", "colour", "upload"]
    value: Line | None = None
    """``#rrggbb`` for a colour, its id for an upload."""


class TakePlate(Message):
    """Take a picture of the scene without anybody in it; ``plate`` follows."""

    type: Literal["plate"]


class Record(Message):
    """Start or end the recording; ``record`` comes back."""

    type: Literal["record"]
    on: bool


class PushTo(Message):
    """Send the result on to RTMP, SRT, RTSP or WHIP; ``push`` follows."""

    type: Literal["push"]
    url: Annotated[str, Field(min_length=1, max_length=1024, pattern=r"^[^\s\x00]+$")]


class StopPush(Message):
    """End the push."""

    type: Literal["stop-push"]


class AskStats(Message):
    """Statistics at once; they come each second anyway."""

    type: Literal["stats"]


class Ping(Message):
    """Asks for ``pong`` with the same number."""

    type: Literal["ping"]
    at: float


class Leave(Message):
    """The session ends for good."""

    type: Literal["leave"]


FromClient = Annotated[
    Join
    | Offer
    | Candidate
    | SetParam
    | ChoosePreset
    | ChooseBackground
    | TakePlate
    | Record
    | PushTo
    | StopPush
    | AskStats
    | Ping
    | Leave,
    Field(discriminator="type"),
]
FROM_CLIENT: TypeAdapter[FromClient] = TypeAdapter(FromClient)


def read(text: str) -> FromClient:
    """Return a message of a client. Raises :exc:`Refusal`, which says what is wrong and where."""
    try:
        return FROM_CLIENT.validate_json(text)
    except ValidationError as exc:
        raise Refusal(400, "message", complaint(exc)) from exc


def complaint(error: ValidationError) -> str:
    """Return the first thing that is wrong as one line, without what was sent."""
    errors = error.errors(include_url=False, include_input=False)
    first = errors[0]
    if (
        first["loc"][:2] == ("set", "value") and first["type"] != "missing"
    ):  # one error for each type that it might have been
        return "set.value: must be true, false, null, a finite number, a text, or a list of those"
    where = ".".join(str(part) for part in first["loc"])
    text = first["msg"][:200]
    return f"{where}: {text}" if where else text
