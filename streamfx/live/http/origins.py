"""Which pages may call: those of this server, and those that were listed."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from streamfx.live.settings import ServeSettings

ANY = "*"
"""As a listed origin: every page."""


class Origins:
    """Decides by the headers Origin (RFC 6454) and Host.

    A browser sends the origin of the page that calls; a program sends none. The host is looked at
    where no token is asked for and only this machine can call: a foreign name that was made to
    resolve to this machine (DNS rebinding) is no name of ours.
    """

    def __init__(self, settings: ServeSettings) -> None:
        self._listed = {origin.rstrip("/").lower() for origin in settings.origins}
        self._hosts = {urlsplit(origin).hostname for origin in self._listed}
        self._guarded = settings.loopback and settings.token is None and ANY not in self._listed

    def takes_host(self, host: str | None) -> bool:
        """Return whether a request for this host is meant for us."""
        if not self._guarded:
            return True
        name = _name(host or "")
        return name is not None and (name in self._hosts or _is_loopback(name))

    def takes(self, origin: str | None, host: str | None) -> bool:
        """Return whether the page of this origin may call; a program's request has none."""
        if origin is None or ANY in self._listed or origin.lower() in self._listed:
            return True
        return self.same(origin, host)

    def same(self, origin: str, host: str | None) -> bool:
        """Return whether the origin is this server as the caller addressed it."""
        try:
            parts = urlsplit(origin.lower())
        except ValueError:
            return False
        return (
            parts.scheme in ("http", "https")
            and bool(parts.netloc)
            and parts.netloc == (host or "").lower()
        )


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host.lower()}").hostname
    except ValueError:
        return None


def _is_loopback(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
