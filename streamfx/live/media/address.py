"""Addresses of streams: what kind they are, and how they are shown without their secrets."""

from __future__ import annotations

import re

SOURCES = frozenset({"http", "https", "rtmp", "rtmps", "rtp", "rtsp", "rtsps", "srt", "tcp", "udp"})
"""Schemes of the URLs that can be read."""

DEVICES = frozenset({"avfoundation", "dshow", "gdigrab", "lavfi", "v4l2", "x11grab"})
"""FFmpeg's input devices, as ``NAME:WHAT``."""

_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+):")
_DRIVE = re.compile(r"^[A-Za-z]:[\\/]")
_LOGIN = re.compile(r"(?<=://)[^/@\s?#]*@")
_QUERY = re.compile(r"\?[^\s\"']*")
_RTMP_KEY = re.compile(r"(rtmps?://[^/\s\"']+/[^/\s\"']+/)[^\s\"'?]+", re.IGNORECASE)


def scheme_of(where: str) -> str:
    """Return the kind of an address in lower case: a scheme, a device of FFmpeg's, or ``file``."""
    if where.startswith("/dev/video"):
        return "v4l2"
    if where == "testsrc" or where.startswith("testsrc="):
        return "lavfi"
    found = _SCHEME.match(where)
    if found is None or _DRIVE.match(where):
        return "file"
    name = found[1].lower()
    if name in DEVICES or where.startswith("://", found.end() - 1):
        return name
    return "file"


def hide_secrets(text: str) -> str:
    """Return ``text`` with the logins, queries and stream keys of the URLs in it replaced.

    The last part of an RTMP path is a key at most services; queries carry passphrases and tokens.
    """
    if "://" not in text:
        return text
    text = _LOGIN.sub("***@", text)
    text = _QUERY.sub("?***", text)
    return _RTMP_KEY.sub(r"\1***", text)


def listening(where: str) -> tuple[str, bool]:
    """Return the URL without ``listen=1`` in its query, and whether that was there.

    It makes an RTMP or RTSP source wait for somebody to push to it.
    """
    address, mark, query = where.partition("?")
    said = query.split("&") if mark else []
    rest = [part for part in said if part != "listen=1"]
    return address + ("?" + "&".join(rest) if rest else ""), len(rest) < len(said)
