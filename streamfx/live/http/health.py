"""Whether it lives, whether it is ready, how it runs, and what it offers."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from streamfx.live.http.answers import PROBLEM, problems
from streamfx.live.http.guard import require_token
from streamfx.live.http.metrics import CONTENT_TYPE, Metrics
from streamfx.live.http.replies import Offered, schemas
from streamfx.live.refusal import Refusal
from streamfx.live.sessions.contract import Hub


class Presets(BaseModel):
    """What can be chosen, first choices first."""

    presets: list[Offered]


class Health(BaseModel):
    """One word."""

    status: str


def routes(hub: Hub, metrics: Metrics) -> APIRouter:
    """Return the routes for who runs the server, and the list of presets."""
    router = APIRouter()
    guarded = [Depends(require_token)]

    @router.head("/healthz", include_in_schema=False)
    @router.get("/healthz", tags=["operation"])
    async def alive() -> Health:
        """Answer as long as the loop turns."""
        return Health(status="ok")

    @router.head("/readyz", include_in_schema=False)
    @router.get("/readyz", tags=["operation"], responses={503: PROBLEM})
    async def ready() -> Health:
        """Answer 200 after the warm-up and until it drains; else 503."""
        if hub.draining:
            raise Refusal(503, "draining", "the server is about to end")
        if not hub.ready:
            raise Refusal(503, "starting", "the server is warming up", retry_after=2)
        return Health(status="ready")

    @router.get(
        "/metrics",
        tags=["operation"],
        dependencies=guarded,
        response_class=Response,
        responses={200: {"content": {"text/plain": {}}}, **problems(401, 403, 429)},
    )
    async def numbers() -> Response:
        """Return the numbers in Prometheus' text format."""
        return Response(metrics.text(), media_type=CONTENT_TYPE)

    @router.get("/api/presets", dependencies=guarded, responses=problems(401, 403, 429))
    async def presets() -> Presets:
        """List the presets that can be chosen."""
        return Presets.model_validate({"presets": hub.presets()})

    @router.get("/api/messages", responses=problems(403))
    async def shapes() -> dict[str, Any]:
        """Return the JSON schemas of the control socket's messages, both directions."""
        return schemas()

    return router
