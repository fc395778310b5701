"""Why a client is refused: the sentence it reads, and the status that HTTP gives it."""

from __future__ import annotations

from streamfx.errors import StreamfxError


class Refusal(StreamfxError):  # noqa: N818  an answer, not a fault
    """A client's request that cannot be met.

    ``status`` is the status code of HTTP (RFC 9110), ``code`` a word for programs, ``retry_after``
    seconds after which the same request may succeed.
    """

    def __init__(
        self, status: int, code: str, why: str, *, retry_after: float | None = None
    ) -> None:
        super().__init__(why)
        self.status = status
        self.code = code
        self.retry_after = retry_after


def bad_offer(why: str) -> Refusal:
    """Return the refusal of a session description that cannot be used."""
    return Refusal(400, "sdp", why)


def unknown(what: str, name: str) -> Refusal:
    """Return the refusal of a name that nothing has: a stream, a session, a file."""
    return Refusal(404, "unknown", f"no {what} {name!r}")


def full(why: str, retry_after: float) -> Refusal:
    """Return the refusal of a session for which no capacity is left."""
    return Refusal(503, "full", why, retry_after=retry_after)
