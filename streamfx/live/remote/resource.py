"""What a client asks over HTTP: uploads, downloads, and the resources of WHIP and WHEP."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import shutil
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO, TypeVar
from urllib.parse import quote, urljoin, urlsplit

from streamfx.errors import MediaError, SettingError, SourceError, TargetError
from streamfx.live.media.http_call import same_origin
from streamfx.live.refusal import Refusal

T = TypeVar("T")

WAIT = 30.0
"""Seconds without a byte after which a request has failed."""
BODY = 1 << 20
"""Bytes of the longest answer that is read into memory."""
AUTHORIZATION = "Authorization"


@dataclass(frozen=True, slots=True)
class Made:
    """A resource of WHIP (RFC 9725) or WHEP that a server has made."""

    url: str
    """Its own address, which ends it by DELETE."""
    sdp: str
    """The answer."""
    token: str | None = None
    """What to present there: never to another server than the one that was asked."""


async def make(url: str, sdp: str, token: str | None, tls: ssl.SSLContext | None) -> Made:
    """Post an offer, and return the resource. Redirects are followed (RFC 9725, section 4.5)."""
    headers = {"Content-Type": "application/sdp", "Accept": "application/sdp"}
    request = _request(url, token, sdp.encode(), headers)

    def read(answer: HTTPResponse) -> Made:
        where = answer.headers.get("Location")
        if answer.status != 201 or not where:
            raise MediaError(f"{url}: no WHIP or WHEP endpoint: it answers {answer.status}")
        place = urljoin(answer.url, where)
        mine = token if same_origin(place, url) else None
        return Made(place, answer.read(BODY).decode("utf-8", "replace"), mine)

    return await asyncio.to_thread(_ask, request, tls, read)


async def end(url: str, token: str | None, tls: ssl.SSLContext | None) -> None:
    """Delete a resource."""
    request = _request(url, token, method="DELETE")
    await asyncio.to_thread(_ask, request, tls, lambda _: None)


async def upload(
    server: str, session: str, path: Path, token: str | None, tls: ssl.SSLContext | None
) -> str:
    """Post a file as a background of a session, and return its id there."""
    try:
        body = await asyncio.to_thread(path.read_bytes)
    except OSError as exc:
        raise SourceError(f"{path}: {exc.strerror or exc}") from exc
    headers = {"Content-Type": "application/octet-stream"}
    request = _request(_beside(server, session, "backgrounds"), token, body, headers)
    return await asyncio.to_thread(
        _ask, request, tls, lambda answer: str(json.loads(answer.read(BODY))["id"])
    )


async def download(
    server: str, session: str, name: str, to: Path, token: str | None, tls: ssl.SSLContext | None
) -> Path:
    """Fetch a recording of a session into a file, and return its path."""
    url = _beside(server, session, f"recordings/{quote(name, safe='')}")
    part = to.with_name(to.name + ".part")

    def read(answer: HTTPResponse) -> Path:
        with part.open("wb") as out:
            shutil.copyfileobj(answer, out)
        if answer.length:
            raise MediaError(f"{url}: it broke off, {answer.length} bytes before its end")
        return part.replace(to)

    try:
        return await asyncio.to_thread(_ask, _request(url, token), tls, read)
    finally:
        part.unlink(missing_ok=True)


def _beside(server: str, session: str, path: str) -> str:
    """Return an address of the server whose WebSocket is at ``server``."""
    parts = urlsplit(server)
    scheme = {"ws": "http", "wss": "https"}[parts.scheme]
    above = parts.path.rpartition("/")[0]
    return f"{scheme}://{parts.netloc}{above}/sessions/{quote(session, safe='')}/{path}"


def _request(
    url: str,
    token: str | None,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    method: str | None = None,
) -> urllib.request.Request:
    try:
        known = urlsplit(url).scheme in ("http", "https")
    except ValueError:
        known = False
    if not known:
        raise SettingError(f"an endpoint is http://… or https://…, got {url!r}")
    allowed = {AUTHORIZATION: f"Bearer {token}"} if token else {}
    return urllib.request.Request(url, body, {**(headers or {}), **allowed}, method=method)


def _ask(
    request: urllib.request.Request,
    tls: ssl.SSLContext | None,
    read: Callable[[HTTPResponse], T],
) -> T:
    handlers: list[urllib.request.BaseHandler] = [
        urllib.request.HTTPSHandler(context=tls),
        _Redirects(),
    ]
    if _loopback(request.host):
        handlers.append(urllib.request.ProxyHandler({}))
    url = request.full_url
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=WAIT) as answer:
            return read(answer)
    except urllib.error.HTTPError as exc:
        with exc:
            raise _refusal(url, exc) from exc
    except urllib.error.URLError as exc:
        raise MediaError(f"{url}: {getattr(exc.reason, 'strerror', None) or exc.reason}") from exc
    except (OSError, HTTPException, ValueError, KeyError) as exc:
        if isinstance(exc, OSError) and exc.filename is not None:
            raise TargetError(f"{exc.filename}: {exc.strerror or exc}") from exc
        raise MediaError(f"{url}: {exc or type(exc).__name__}") from exc


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows with the same method and body, or not at all; keeps the token from other servers."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Return what to ask instead; None where the redirect is the answer."""
        method = req.get_method()
        same = code in (307, 308) or method in ("GET", "HEAD")
        if not same or urlsplit(newurl).scheme not in ("http", "https"):
            return None
        kept = dict(req.header_items())
        if not same_origin(newurl, req.full_url):
            kept.pop(AUTHORIZATION, None)
        kept.pop("Host", None)
        return urllib.request.Request(
            newurl, req.data, kept, req.origin_req_host, unverifiable=True, method=method
        )


def _refusal(url: str, exc: urllib.error.HTTPError) -> Refusal:
    code, why = "http", f"{url}: the server answers {exc.code} {exc.reason}"
    try:
        body = json.loads(exc.read(BODY))
        code, why = str(body.get("code", code)), str(body["error"])
    except (ValueError, KeyError, TypeError, AttributeError):
        pass  # not one of ours
    wait = exc.headers.get("Retry-After", "")
    return Refusal(exc.code, code, why, retry_after=float(wait) if wait.isdecimal() else None)


def _loopback(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
