"""WHEP (draft-ietf-wish-whep): players watch what comes out."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response

from streamfx.live.http import negotiation
from streamfx.live.http.guard import require_token
from streamfx.live.http.negotiation import Stream
from streamfx.live.sessions.contract import Hub


def routes(hub: Hub) -> APIRouter:
    """Return the endpoint of each stream, and the connections that it opened."""
    router = negotiation.connections(hub, "whep")

    @router.post(
        "",
        status_code=201,
        dependencies=[Depends(require_token)],
        response_class=Response,
        responses=negotiation.OPENED,
        openapi_extra=negotiation.body_of(negotiation.SDP),
        operation_id="whep_watch",
    )
    async def watch(request: Request, stream: Stream) -> Response:
        """Watch a stream as it comes out of its graph."""
        offer = await negotiation.offer_of(request)
        negotiated = await hub.watch(stream, offer)
        return negotiation.opened(negotiated, f"/whep/{stream}", hub.settings.ice_servers)

    return router
