"""Who may ask: the token, the session's own secret, and what too many wrong ones lead to."""

from __future__ import annotations

import hmac
import logging
import math
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from streamfx.live.http.attempts import Attempts
from streamfx.live.refusal import Refusal
from streamfx.live.sessions.contract import Desk, Hub
from streamfx.live.settings import ServeSettings

BEARER = HTTPBearer(auto_error=False, description="The token of `streamfx serve --token`.")

_log = logging.getLogger(__name__)


class Guard:
    """Checks tokens in constant time and slows down who guesses."""

    def __init__(self, settings: ServeSettings, attempts: Attempts | None = None) -> None:
        self._token = settings.token
        self._attempts = attempts or Attempts()

    @property
    def asks(self) -> bool:
        """Whether a token is needed."""
        return self._token is not None

    def check(self, token: str | None, address: str) -> None:
        """Raise :exc:`Refusal` (401, or 429 after too many) unless the token is the right one."""
        if self._token is None:
            return
        self._slow_down(address)
        if token is None:
            raise Refusal(401, "token", "this server asks for its token")
        if not hmac.compare_digest(token.encode("utf-8", "replace"), self._token.encode()):
            self._failed(address, "token")
            raise Refusal(401, "token", "the token is wrong")

    def desk(self, hub: Hub, session: str, address: str) -> Desk:
        """Return the session of this secret, which is the leave to use it."""
        self._slow_down(address)
        try:
            return hub.desk_of(session)
        except Refusal:
            self._failed(address, "session")
            raise

    def _slow_down(self, address: str) -> None:
        wait = self._attempts.wait(address)
        if wait > 0:
            raise Refusal(429, "slow", "too many failed attempts from here", retry_after=wait)

    def _failed(self, address: str, what: str) -> None:
        self._attempts.failed(address)
        _log.warning("a wrong %s from %s", what, address)


def address_of(request: Request) -> str:
    """Return the address of the peer."""
    return request.client.host if request.client is not None else ""


def require_token(
    request: Request,
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)],
) -> None:
    """Let a request pass only with the server's token, where there is one."""
    guard: Guard = request.app.state.guard
    guard.check(given.credentials if given is not None else None, address_of(request))


def bearer(header: str | None) -> str | None:
    """Return the token of an Authorization header (RFC 6750), or None."""
    scheme, _, token = (header or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def seconds(wait: float) -> str:
    """Return Retry-After's value: whole seconds, at least one (RFC 9110)."""
    return str(max(1, math.ceil(wait)))
