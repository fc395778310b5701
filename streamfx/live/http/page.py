"""The page and its files: what lies in ``streamfx/live/web``, and nothing else."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request, Response
from starlette.responses import FileResponse
from starlette.staticfiles import NotModifiedResponse

from streamfx.live.refusal import unknown

WEB = Path(__file__).parents[1] / "web"
"""Where the files lie."""
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
"""What is served, as what: a system's own table of types may say otherwise (RFC 9239)."""


def routes(folder: Path = WEB) -> APIRouter:
    """Return the routes of the page. The files are those that are there now."""
    router = APIRouter(include_in_schema=False)
    found = {
        file.relative_to(folder).as_posix(): file
        for file in folder.rglob("*")
        if file.suffix in TYPES and file.is_file()
    }

    def serve(request: Request, name: str) -> Response:
        if name not in found:
            raise unknown("file", name[:100])
        file = found[name]
        response = FileResponse(file, stat_result=file.stat(), media_type=TYPES[file.suffix])
        response.headers["Cache-Control"] = "no-cache"  # ask, then 304
        if request.headers.get("if-none-match") == response.headers["etag"]:
            return NotModifiedResponse(response.headers)
        return response

    @router.api_route("/", methods=["GET", "HEAD"])
    async def index(request: Request) -> Response:
        return serve(request, "index.html")

    @router.api_route("/web/{name:path}", methods=["GET", "HEAD"])
    async def file(request: Request, name: str) -> Response:
        return serve(request, name)

    return router
