"""The web application: every route, and what stands before them."""

from __future__ import annotations

from fastapi import FastAPI

from streamfx.live.http import answers, health, page, socket, uploads, whep, whip
from streamfx.live.http.door import Door
from streamfx.live.http.guard import Guard
from streamfx.live.http.metrics import Metrics
from streamfx.live.http.origins import Origins
from streamfx.live.sessions.contract import Hub
from streamfx.live.settings import ServeSettings

ABOUT = """Live video through a graph of nodes.

WHIP publishes, WHEP watches, the WebSocket `/ws` does both and controls (its messages:
`/api/messages`)."""


def make_app(hub: Hub, settings: ServeSettings) -> FastAPI:
    """Return the application over ``hub``. It starts and ends nothing: see ``server``."""
    app = FastAPI(
        title="streamfx",
        version="1",
        description=ABOUT,
        openapi_url="/api/openapi.json",
        docs_url=None,  # they load from a CDN
        redoc_url=None,
        redirect_slashes=False,
    )
    guard, metrics = Guard(settings), Metrics(hub)
    app.state.guard, app.state.metrics = guard, metrics
    answers.install(app)
    app.include_router(health.routes(hub, metrics))
    app.include_router(whip.routes(hub))
    app.include_router(whep.routes(hub))
    app.include_router(uploads.routes(hub, guard))
    app.include_router(socket.routes(hub, guard, metrics))
    app.include_router(page.routes())
    app.add_middleware(Door, origins=Origins(settings), metrics=metrics)
    return app
