"""Bodies of requests, read only as far as they may be long, and as long as they may take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import Request

from streamfx.live.refusal import Refusal

PATIENCE = 10.0
"""Seconds without a byte after which a sender is given up."""


def content_type(request: Request) -> str:
    """Return the media type of the body, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def demand_type(request: Request, wanted: str) -> None:
    """Raise :exc:`Refusal` (415) unless the body is of the wanted media type."""
    found = content_type(request)
    if found != wanted:
        raise Refusal(415, "type", f"the body must be {wanted}, not {found or 'of no type'}"[:200])


async def chunks(request: Request, limit: int) -> AsyncIterator[bytes]:
    """Yield the body. Raises :exc:`Refusal`: 413 beyond ``limit`` bytes, 408 when it stalls."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and (len(announced) > 18 or int(announced) > limit):
        raise _too_large(limit)
    taken = 0
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(PATIENCE):
                chunk = await anext(stream, None)
        except TimeoutError as exc:
            raise Refusal(408, "slow", f"no byte came for {PATIENCE:g} s") from exc
        if chunk is None:
            return
        taken += len(chunk)
        if taken > limit:
            raise _too_large(limit)
        if chunk:
            yield chunk


async def text(request: Request, limit: int) -> str:
    """Return the body as text. Raises :exc:`Refusal`: as :func:`chunks`, 400 when not UTF-8."""
    body = b"".join([chunk async for chunk in chunks(request, limit)])
    try:
        return body.decode()
    except UnicodeDecodeError as exc:
        raise Refusal(400, "text", "the body is not UTF-8") from exc


def _too_large(limit: int) -> Refusal:
    return Refusal(413, "size", f"the body is longer than {limit} bytes")
