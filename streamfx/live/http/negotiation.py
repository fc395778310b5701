"""What WHIP and WHEP have in common: offers in, answers out, candidates after that."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Request, Response

from streamfx.live.http.answers import problems
from streamfx.live.http.bodies import demand_type, text
from streamfx.live.http.guard import require_token
from streamfx.live.http.messages import NAME, SDP_BYTES, SECRET
from streamfx.live.refusal import Refusal, bad_offer
from streamfx.live.sessions.contract import Hub, Negotiated
from streamfx.live.settings import IceServer

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
FRAGMENT_BYTES = 16 << 10
"""Longest fragment of candidates, in bytes."""

Stream = Annotated[str, Path(pattern=NAME, description="Name of the stream.")]
Resource = Annotated[str, Path(pattern=SECRET, description="The connection, from Location.")]

_LINE = re.compile(r"^[a-z]=[^\x00]*$")
_TAGS = re.compile(r'\s*(?:W/)?"([^"\x00-\x1f]*)"\s*|\s*(\*)\s*')


_TEXT = r"[a-z]=[^\r\n\u0000]*\r?\n"
_SHAPES = {
    SDP: rf"^v=0\r?\n(?:{_TEXT})*m=[^\r\n\u0000]*\r?\n(?:{_TEXT})*$",
    FRAGMENT: rf"^(?:{_TEXT})+$",
}


def body_of(kind: str) -> dict[str, Any]:
    """Return how OpenAPI describes a body that is no JSON."""
    schema = {"type": "string", "pattern": _SHAPES[kind]}
    return {"requestBody": {"required": True, "content": {kind: {"schema": schema}}}}


OPENED: dict[int | str, dict[str, Any]] = {
    201: {"description": "The answer.", "content": {SDP: {"schema": {"type": "string"}}}},
    **problems(400, 401, 403, 404, 408, 409, 413, 415, 429, 500, 503),
}
"""What an offer may be answered with."""


async def offer_of(request: Request) -> str:
    """Return the offer in a body. Raises :exc:`Refusal`: 415, 413, or 400 for what is no SDP."""
    demand_type(request, SDP)
    offer = await text(request, SDP_BYTES)
    lines = offer.splitlines()
    if not lines or lines[0] != "v=0" or not _well_formed(lines):
        raise bad_offer("the body is not a session description (RFC 8866)")
    if not any(line.startswith("m=") for line in lines):
        raise bad_offer("the session description has no media")
    return offer


def opened(negotiated: Negotiated, place: str, servers: tuple[IceServer, ...]) -> Response:
    """Return 201 with the answer, where its connection is, and which ICE servers may be used."""
    response = Response(negotiated.sdp, 201, media_type=SDP)
    response.headers["Location"] = f"{place}/{negotiated.resource}"
    response.headers["ETag"] = f'"{negotiated.etag}"'
    response.headers["Accept-Patch"] = FRAGMENT
    for server in servers:
        response.headers.append("Link", link(server))
    return response


def link(server: IceServer) -> str:
    """Return a server as a Link header (RFC 8288; its relation by RFC 9725, section 4.6)."""
    parts = [f"<{server.url}>", 'rel="ice-server"']
    if server.username is not None:
        parts += [f"username={_quoted(server.username)}"]
        parts += [f"credential={_quoted(server.credential or '')}", 'credential-type="password"']
    return "; ".join(parts)


def connections(hub: Hub, protocol: str) -> APIRouter:
    """Return the part of a protocol's endpoint that is the same for both.

    Methods that RFC 9725 reserves (section 4.2) are answered with 405, as any unknown one.
    """
    router = APIRouter(prefix=f"/{protocol}/{{stream}}", tags=[protocol.upper()])
    guarded = [Depends(require_token)]

    @router.patch(
        "/{resource}",
        status_code=204,
        dependencies=guarded,
        response_class=Response,
        responses=problems(400, 401, 403, 404, 408, 412, 413, 415, 422, 428, 429, 500),
        openapi_extra=body_of(FRAGMENT),
        operation_id=f"{protocol}_trickle",
    )
    async def trickle(
        request: Request,
        stream: Stream,
        resource: Resource,
        if_match: Annotated[str | None, Header(description="The ETag of the connection.")] = None,
    ) -> Response:
        """Add candidates that were found later (section 4.3.2).

        ICE restarts are not offered: they are answered with 422, as section 4.3.1 has it for who
        does one of the two; a client ends the connection and opens a new one.
        """
        demand_type(request, FRAGMENT)
        tag = _tag(if_match)
        fragment = await text(request, FRAGMENT_BYTES)
        if not fragment.strip() or not _well_formed(fragment.splitlines()):
            raise Refusal(400, "fragment", "the body is not a fragment of a session description")
        if tag == "*":
            raise Refusal(422, "restart", "ICE cannot be restarted here: end this and offer anew")
        await hub.trickle(resource, fragment, tag)
        return Response(status_code=204)

    @router.delete(
        "/{resource}",
        dependencies=guarded,
        response_class=Response,
        responses=problems(401, 403, 404, 429, 500),
        operation_id=f"{protocol}_end",
    )
    async def end(stream: Stream, resource: Resource) -> Response:
        """End a connection."""
        await hub.end(resource)
        return Response(status_code=200)

    @router.options("", include_in_schema=False)
    async def ask(stream: Stream) -> Response:
        return _preflight("OPTIONS, POST", SDP)

    @router.options("/{resource}", include_in_schema=False)
    async def ask_connection(stream: Stream, resource: Resource) -> Response:
        return _preflight("DELETE, OPTIONS, PATCH")

    return router


def _preflight(methods: str, accepts: str | None = None) -> Response:
    """Answer OPTIONS: to a preflight of a page (Fetch), and to who asks what is taken."""
    response = Response(status_code=200)
    response.headers["Allow"] = methods
    response.headers["Access-Control-Allow-Methods"] = methods
    response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, If-Match"
    response.headers["Access-Control-Max-Age"] = "3600"
    if accepts is not None:
        response.headers["Accept-Post"] = accepts
    return response


def _tag(header: str | None) -> str:
    """Return the entity tag of an If-Match header; ``*`` stands for any."""
    if header is None:
        raise Refusal(428, "precondition", "If-Match must carry the ETag of the connection")
    match = _TAGS.fullmatch(header)
    if match is None:
        raise Refusal(400, "precondition", "If-Match must be one entity tag in double quotes")
    return match[2] or match[1]


def _well_formed(lines: list[str]) -> bool:
    return all(_LINE.match(line) for line in lines if line)


def _quoted(text: str) -> str:
    plain = text.encode("ascii", "ignore").decode().replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'
