"""Files of a session: backgrounds that come up, recordings that go down."""

from __future__ import annotations

import asyncio
import errno
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi import Path as Part
from pydantic import BaseModel
from starlette.responses import FileResponse

from streamfx.live.http import probing
from streamfx.live.http.answers import problems
from streamfx.live.http.bodies import chunks
from streamfx.live.http.guard import Guard, address_of
from streamfx.live.http.messages import SECRET
from streamfx.live.refusal import Refusal, unknown
from streamfx.live.sessions.contract import UPLOAD_BYTES, Desk, Hub

FILE = r"^[A-Za-z0-9_][A-Za-z0-9_.\-]{0,127}$"
"""What a recording may be called: no separator, no leading dot."""
PROBES = 2
"""Files that are looked into at once."""

Session = Annotated[str, Part(pattern=SECRET, description="The session's secret, from `welcome`.")]


class Uploaded(BaseModel):
    """A file that was taken."""

    id: str
    """By which ``background`` knows it."""
    kind: str
    """``picture`` or ``video``."""
    width: int
    height: int


def routes(hub: Hub, guard: Guard) -> APIRouter:
    """Return the routes below a session. Its secret is the leave to use them: a link is enough."""
    router = APIRouter(prefix="/sessions/{session}", tags=["sessions"])
    sending: set[str] = set()
    gate = asyncio.Semaphore(PROBES)

    @router.post(
        "/backgrounds",
        status_code=201,
        responses=problems(400, 403, 404, 408, 413, 415, 429, 500, 507),
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
                },
            }
        },
    )
    async def upload(request: Request, session: Session) -> Uploaded:
        """Take a picture or a video as background; its first bytes say what it is."""
        desk = guard.desk(hub, session, address_of(request))
        if session in sending:
            raise Refusal(429, "slow", "one file at a time", retry_after=1)
        sending.add(session)
        try:
            return await _take(request, desk, gate)
        finally:
            sending.discard(session)

    @router.get(
        "/recordings/{name}",
        response_class=FileResponse,
        responses={200: {"content": {"video/x-matroska": {}}}, **problems(403, 404, 429, 500)},
    )
    async def download(
        request: Request, session: Session, name: Annotated[str, Part(pattern=FILE)]
    ) -> FileResponse:
        """Return a finished recording; ranges are served (RFC 9110, section 14)."""
        path = guard.desk(hub, session, address_of(request)).recording(name).resolve()
        folder = hub.settings.record
        if folder is None or not path.is_relative_to(folder.resolve()) or not path.is_file():
            raise unknown("recording", name)
        return FileResponse(path, media_type="video/x-matroska", filename=name)

    return router


async def _take(request: Request, desk: Desk, gate: asyncio.Semaphore) -> Uploaded:
    part = desk.upload_folder / f"{secrets.token_urlsafe(12)}.part"
    path = part
    try:
        desk.upload_folder.mkdir(parents=True, exist_ok=True)
        found = await _store(chunks(request, UPLOAD_BYTES), part)
        path = part.rename(part.with_suffix(found.suffix))
        seen = await probing.look(path, found, gate)
        name = await desk.add_upload(path, found.kind)
    except BaseException as exc:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        if isinstance(exc, OSError) and exc.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Refusal(507, "disk", "the server has no room for the file") from exc
        if isinstance(exc, FileNotFoundError):  # its folder has gone, and with it the session
            raise Refusal(404, "unknown", "the session has ended") from exc
        raise
    return Uploaded(id=name, kind=found.kind, width=seen.width, height=seen.height)


async def _store(body: AsyncIterator[bytes], path: Path) -> probing.Claim:
    """Write a body to a file, as soon as its beginning says that it can be taken."""
    head = b""
    found: probing.Claim | None = None
    with path.open("xb") as file:
        async for chunk in body:
            if found is None:
                head += chunk
                if len(head) < probing.HEAD:
                    continue
                found, chunk = probing.claim(head), head
            file.write(chunk)
    return found or probing.claim(head)
