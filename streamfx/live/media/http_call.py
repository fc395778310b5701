"""One HTTP request of a WHIP client: short, bounded, and never with the token to another host."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from threading import Timer
from urllib.parse import urljoin, urlsplit

from streamfx.errors import MediaError

PATIENCE = 10.0
"""Seconds without a byte after which a request has failed."""

LONGEST = 30.0
"""Seconds that a whole request may take: one that drips holds a thread no longer."""

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
        connection.connect()
        began = time.monotonic()
        too_late = Timer(LONGEST, _hang_up, (connection.sock,))
        too_late.start()
        try:
            connection.request(call.method, path, call.body, headers)
            response = connection.getresponse()
            body = response.read(LARGEST + 1)
            found = response.getheader("Location")
            location = urljoin(call.url, found) if found else None
        finally:
            too_late.cancel()
            connection.close()
    except ssl.SSLCertVerificationError as exc:
        raise MediaError(f"its certificate is not trusted: {exc.verify_message}") from exc
    except TimeoutError as exc:
        raise MediaError(f"the endpoint did not answer for {PATIENCE:.0f} s") from exc
    except (OSError, http.client.HTTPException, ValueError) as exc:
        why = getattr(exc, "strerror", None) or str(exc) or type(exc).__name__
        raise MediaError(f"the endpoint cannot be reached: {why}") from exc
    if time.monotonic() - began > LONGEST:  # what was hung up on looks like a short answer
        raise MediaError(f"the endpoint took longer than {LONGEST:g} s")
    if len(body) > LARGEST:
        raise MediaError("the endpoint's answer is too long")
    return Reply(response.status, response.reason, location, body)


def _hang_up(sock: socket.socket) -> None:
    with suppress(OSError):  # it has ended by itself
        sock.shutdown(socket.SHUT_RDWR)
