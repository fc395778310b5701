"""WHIP (RFC 9725): OBS and the like publish to us."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from streamfx.live.http import negotiation
from streamfx.live.http.guard import require_token
from streamfx.live.http.messages import NAME
from streamfx.live.http.negotiation import Stream
from streamfx.live.sessions.contract import Hub


def routes(hub: Hub) -> APIRouter:
    """Return the endpoint of each stream, and the connections that it opened."""
    router = negotiation.connections(hub, "whip")

    @router.post(
        "",
        status_code=201,
        dependencies=[Depends(require_token)],
        response_class=Response,
        responses=negotiation.OPENED,
        openapi_extra=negotiation.body_of(negotiation.SDP),
        operation_id="whip_publish",
    )
    async def publish(
        request: Request,
        stream: Stream,
        preset: Annotated[
            str | None, Query(pattern=NAME, description="The graph; else the first offered.")
        ] = None,
    ) -> Response:
        """Publish a stream through a preset."""
        offer = await negotiation.offer_of(request)
        negotiated = await hub.publish(stream, offer, preset)
        return negotiation.opened(negotiated, f"/whip/{stream}", hub.settings.ice_servers)

    return router
