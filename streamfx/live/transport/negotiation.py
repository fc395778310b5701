"""What two descriptions agree on, and why they do not (RFC 3264, RFC 9429)."""

from __future__ import annotations

from streamfx.live.refusal import Refusal, bad_offer
from streamfx.live.transport.description import Description, Section
from streamfx.live.transport.lines import Line, agree, named, offered


def taken(
    remote: Description, codecs: tuple[str, ...], *, receive: bool, send: bool
) -> tuple[list[Line], list[Section]]:
    """Return the lines of an offer that are taken, one of each kind, and the sections that are not.

    Raises the :class:`Refusal` with status 400 when there is nothing to exchange, no codec in
    common, or when the kinds do not share one transport.
    """
    lines: list[Line] = []
    rejected: list[Section] = []
    for section in remote.sections:
        line = None
        if all(one.kind != section.kind for one in lines):
            line = agree(section, receive=receive, send=send, order=codecs)
        if line is not None:
            lines.append(line)
        else:
            rejected.append(section)
    if not lines:
        raise _nothing(remote, codecs, receive=receive, send=send)
    if len(lines) > 1 and any(line.mid not in remote.bundle for line in lines):
        raise bad_offer("audio and video must share one transport (a=group:BUNDLE, RFC 9143)")
    return lines, rejected


def proposed(kinds: list[str], codecs: tuple[str, ...], *, receive: bool, send: bool) -> list[Line]:
    """Return the lines of an offer of ours, in the order of ``kinds``."""
    return [
        offered(i, kind, receive=receive, send=send, order=codecs) for i, kind in enumerate(kinds)
    ]


def answered(remote: Description, ours: list[Line], codecs: tuple[str, ...]) -> list[Line]:
    """Return what an answer takes of our lines.

    Raises the :class:`Refusal` with status 400 when that is nothing.
    """
    lines = []
    for section, own in zip(remote.sections, ours, strict=False):
        if section.kind != own.kind:
            raise bad_offer("the answer does not have the sections of the offer (RFC 3264)")
        line = agree(section, receive=own.receive, send=own.send, order=codecs, own=own)
        if line is not None:
            lines.append(line)
    if not lines:
        raise bad_offer("the answer takes nothing of what was offered")
    return lines


def _nothing(remote: Description, codecs: tuple[str, ...], *, receive: bool, send: bool) -> Refusal:
    media = [one for one in remote.sections if one.kind in ("audio", "video") and one.open]
    if not any((receive and one.sends) or (send and one.receives) for one in media):
        words = (("sends", receive), ("receives", send))
        wanted = " or ".join(word for word, given in words if given)
        return bad_offer(f"the offer must be of a peer that {wanted} audio or video")
    offers = "; ".join(f"{one.kind} comes as {named(one)}" for one in media)
    return bad_offer(f"no codec in common: {offers}; taken are {', '.join(codecs)} and opus")
