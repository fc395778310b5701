"""What every request passes on its way in and out: hosts, origins, headers, the log."""

from __future__ import annotations

import logging
import time
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streamfx.live.http.answers import answer
from streamfx.live.http.metrics import Metrics
from streamfx.live.http.origins import Origins
from streamfx.live.refusal import Refusal

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "font-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""What the page may load (CSP, level 3): its own files, and what it made itself."""
EXPOSED = "Location, ETag, Link, Accept-Patch, Retry-After, WWW-Authenticate"
"""Headers that a page of another origin may read."""

_ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self)",
}
_SAFE = ("GET", "HEAD", "OPTIONS")
_METHODS = frozenset(("DELETE", "PATCH", "POST", "PUT", *_SAFE))
_QUIET = ("/healthz", "/readyz", "/metrics")

_log = logging.getLogger(__name__)


class Door:
    """ASGI middleware around the whole application, for HTTP and WebSockets.

    The one place that catches what a handler did not: it ends as a line of JSON with status 500,
    its traceback in the log.
    """

    def __init__(self, app: ASGIApp, origins: Origins, metrics: Metrics) -> None:
        self._app = app
        self._origins = origins
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] == "http":
            await self._request(scope, receive, send)
        elif scope["type"] == "websocket" and self._stranger(scope, Headers(scope=scope)):
            self._metrics.refused("origin")
            await receive()
            await send({"type": "websocket.close", "code": 1008})  # not accepted yet: 403
        else:
            await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        headers = Headers(scope=scope)
        status = 0

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._dress(MutableHeaders(raw=message["headers"]), headers)
            await send(message)

        try:
            if (refusal := self._stranger(scope, headers)) is not None:
                self._metrics.refused(refusal.code)
                await answer(refusal)(scope, receive, dressed)
            else:
                await self._app(scope, receive, dressed)
        except Exception:
            _log.exception("%s %s failed", scope["method"], _route(scope))
            if status:  # half an answer is out: let the connection break
                raise
            fault = Refusal(500, "fault", "something went wrong in the server; its log says what")
            await answer(fault)(scope, receive, dressed)
        finally:
            self._tell(scope, status, time.perf_counter() - began)

    def _stranger(self, scope: Scope, headers: Headers) -> Refusal | None:
        """Return why a caller is not let in, or None."""
        host, origin = headers.get("host"), headers.get("origin")
        if not self._origins.takes_host(host):
            return Refusal(403, "host", "this server does not go by that name; see --origin")
        if scope["type"] == "http" and scope["method"] in _SAFE:
            return None
        if not self._origins.takes(origin, host):
            return Refusal(403, "origin", "pages of that origin may not call; see --origin")
        return None

    def _dress(self, answered: MutableHeaders, asked: Headers) -> None:
        for name, value in _ALWAYS.items():
            answered.setdefault(name, value)
        answered.setdefault("Cache-Control", "no-store")
        origin, host = asked.get("origin"), asked.get("host")
        answered.add_vary_header("Origin")
        if origin is not None and self._origins.takes(origin, host):
            answered["Access-Control-Allow-Origin"] = origin
            answered["Access-Control-Expose-Headers"] = EXPOSED
            answered["Cross-Origin-Resource-Policy"] = "cross-origin"

    def _tell(self, scope: MutableMapping[str, Any], status: int, took: float) -> None:
        route = _route(scope)
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.answered(route, method, status)
        quiet = scope["path"] in _QUIET or route.startswith("/web")
        client = scope.get("client") or ("",)
        _log.log(
            logging.DEBUG if quiet and status < 500 else logging.INFO,
            "request",
            extra={
                "method": method, "route": route, "status": status,
                "ms": round(took * 1000, 1), "address": client[0],
            },
        )  # fmt: skip


def _route(scope: MutableMapping[str, Any]) -> str:
    """Return the pattern of the path: names in paths may be secrets, and make too many labels."""
    route = scope.get("route")
    return getattr(route, "path", "") or "other"
