"""One HTTP request of a WHIP client: short, bounded, and never with the token to another host."""

from __future__ import annotations

import http.client
import ssl
from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit

from streamfx.errors import MediaError

PATIENCE = 10.0
"""Seconds without a byte after which a request has failed."""

LARGEST = 1 << 20
"""Bytes of a body, at the most."""

REDIRECTS = 3
"""Redirects that are followed, at the most."""

SHOWN = 120
"""Characters of a refusal's body that are shown, at the most."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request."""

    method: str
    url: str
    token: str | None = None
    """Bearer token (RFC 6750)."""
    body: bytes | None = None
    type: str = ""
    """Media type of the body."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answered."""

    status: int
    reason: str
    location: str | None
    """Absolute URL, where one was given."""
    body: bytes

    def said(self) -> str:
        """Return the refusal in one line."""
        text = " ".join(self.body[: 4 * SHOWN].decode(errors="replace").split())
        shown = text if len(text) <= SHOWN and "<" not in text else ""
        return f"{self.status} {self.reason}" + (f": {shown}" if shown else "")


def make(call: Call) -> Reply:
    """Make a request; waits. Follows 307 and 308 only. Raises :exc:`MediaError`."""
    for _ in range(REDIRECTS + 1):
        reply = _ask(call)
        if reply.status not in (307, 308) or reply.location is None:
            return reply
        token = call.token if same_origin(call.url, reply.location) else None
        call = replace(call, url=reply.location, token=token)
    raise MediaError("the endpoint redirects in a circle")


def same_origin(one: str, other: str) -> bool:
    """Return whether two URLs lead to the same server."""
    return urlsplit(one)[:2] == urlsplit(other)[:2]


def _ask(call: Call) -> Reply:
    parts = urlsplit(call.url)
    connection: http.client.HTTPConnection
    try:
        if parts.scheme == "https":
            connection = http.client.HTTPSConnection(
                parts.hostname or "", parts.port, timeout=PATIENCE
            )
        elif parts.scheme == "http":
            connection = http.client.HTTPConnection(
                parts.hostname or "", parts.port, timeout=PATIENCE
            )
        else:
            raise MediaError(f"the endpoint leads to a {parts.scheme!r} address")
        headers = {"Content-Type": call.type} if call.body is not None else {}
        if call.token:
            headers["Authorization"] = f"Bearer {call.token}"
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request(call.method, path, call.body, headers)
            response = connection.getresponse()
            body = response.read(LARGEST + 1)
        finally:
            connection.close()
    except ssl.SSLCertVerificationError as exc:
        raise MediaError(f"its certificate is not trusted: {exc.verify_message}") from exc
    except TimeoutError as exc:
        raise MediaError(f"the endpoint did not answer for {PATIENCE:.0f} s") from exc
    except (OSError, http.client.HTTPException, ValueError) as exc:
        why = getattr(exc, "strerror", None) or str(exc) or type(exc).__name__
        raise MediaError(f"the endpoint cannot be reached: {why}") from exc
    if len(body) > LARGEST:
        raise MediaError("the endpoint's answer is too long")
    found = response.getheader("Location")
    location = urljoin(call.url, found) if found else None
    return Reply(response.status, response.reason, location, body)
