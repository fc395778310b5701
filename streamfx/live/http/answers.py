"""What went wrong, as the answer that a client reads: a status and one line."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Match

from streamfx.errors import UserError
from streamfx.live.http.guard import seconds
from streamfx.live.refusal import Refusal


class Problem(BaseModel):
    """Body of every answer that is not a success."""

    error: str
    """What is wrong, in one line."""
    code: str
    """A word for programs."""


PROBLEM: dict[str, Any] = {"model": Problem}

_WORDS = {
    400: "bad request",
    404: "there is nothing at this address",
    405: "this address does not take this method",
    413: "too large",
    415: "wrong media type",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the statuses as FastAPI documents them."""
    return dict.fromkeys(statuses, PROBLEM)


def answer(refusal: Refusal) -> JSONResponse:
    """Return a refusal as a response."""
    headers = {}
    if refusal.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="streamfx"'
    if refusal.retry_after is not None:
        headers["Retry-After"] = seconds(refusal.retry_after)
    line = " ".join(str(refusal).split())
    return JSONResponse({"error": line, "code": refusal.code}, refusal.status, headers)


def install(app: FastAPI) -> None:
    """Let every failure of a handler become such an answer."""

    @app.exception_handler(Refusal)
    async def refused(request: Request, exc: Refusal) -> JSONResponse:
        request.app.state.metrics.refused(exc.code)
        return answer(exc)

    @app.exception_handler(UserError)
    async def wrong(request: Request, exc: UserError) -> JSONResponse:
        return await refused(request, Refusal(400, "request", str(exc)))

    @app.exception_handler(HTTPException)
    async def plain(request: Request, exc: HTTPException) -> JSONResponse:
        why = _WORDS.get(exc.status_code, "this cannot be done")
        headers = {"Allow": _allowed(request)} if exc.status_code == 405 else exc.headers
        return JSONResponse({"error": why, "code": "request"}, exc.status_code, headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, exc: RequestValidationError) -> JSONResponse:
        first = exc.errors()[0]
        place, *name = (str(part) for part in first["loc"])
        if place == "path":
            return await refused(request, Refusal(404, "unknown", "there is nothing by this name"))
        why = f"{'.'.join(name) or place}: {first['msg']}"
        return await refused(request, Refusal(400, "request", why[:200]))


def _allowed(request: Request) -> str:
    """Return the methods that an address takes (RFC 9110, section 10.2.1), of all its routes."""
    allowed = (
        method
        for method in ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST")
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    )
    return ", ".join(allowed)
