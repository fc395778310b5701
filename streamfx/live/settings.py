"""What a server is told when it starts."""

from __future__ import annotations

import ipaddress
import math
import re
from dataclasses import dataclass
from pathlib import Path

from streamfx.errors import SettingError

LINGER = 10.0
"""Seconds that a session outlives the connection of its client, so that it can come back."""

_HOST = r"[A-Za-z0-9._\-]+(?::(?P<port>[0-9]{1,5}))?"
_STUN = re.compile(rf"stuns?:{_HOST}")
_TURN = re.compile(
    r"(?P<scheme>turns?):(?P<user>[!-9;-~]+):(?P<password>[!-~]+)@"
    rf"(?P<place>{_HOST}(?:\?transport=(?:udp|tcp))?)"
)


@dataclass(frozen=True, slots=True)
class IceServer:
    """A STUN or TURN server (RFC 7064, RFC 7065) that peers may use."""

    url: str
    """``stun:HOST[:PORT]`` or ``turn:HOST[:PORT][?transport=udp|tcp]``."""
    username: str | None = None
    """For TURN."""
    credential: str | None = None
    """For TURN."""

    @classmethod
    def parse(cls, text: str) -> IceServer:
        """Return a server from ``stun:HOST`` or ``turn:USER:PASSWORD@HOST``.

        Raises :exc:`SettingError` for anything else, which does not quote a password.
        """
        relays = text.startswith("turn")
        found = (_TURN if relays else _STUN).fullmatch(text)
        if found is None or not 1 <= int(found["port"] or 1) <= 65535:
            shown = "a turn address of another form" if relays else repr(text)
            raise SettingError(
                f"an ICE server is stun:HOST[:PORT] or turn:USER:PASSWORD@HOST[:PORT], got {shown}"
            )
        if not relays:
            return cls(text)
        return cls(f"{found['scheme']}:{found['place']}", found["user"], found["password"])


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """Options of ``streamfx serve``."""

    presets: tuple[str, ...] = ()
    """What is offered; empty: every shipped preset that can run live."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = 8080
    """Port to listen on; 0: a free one."""
    token: str | None = None
    """What clients must present as Bearer token (RFC 6750)."""
    max_sessions: int = 8
    """Sessions at once, at the most; measured cost may allow fewer."""
    ice_servers: tuple[IceServer, ...] = ()
    """Servers handed to clients and used by ourselves."""
    udp_ports: tuple[int, int] | None = None
    """First and last UDP port for media; None: whatever the system gives."""
    tls_cert: Path | None = None
    """Certificate chain (PEM)."""
    tls_key: Path | None = None
    """Its key (PEM)."""
    record: Path | None = None
    """Folder for recordings; None: nobody may record."""
    sources: tuple[str, ...] = ()
    """Files, URLs and devices published from the start, each as ``[NAME=]WHERE``."""
    drain: float = 10.0
    """Seconds that sessions get to end after SIGTERM."""
    offline: bool = False
    """Whether models may not be pulled."""
    insecure: bool = False
    """Whether a public address may be served without token and TLS."""
    origins: tuple[str, ...] = ()
    """Further origins whose pages may connect."""
    device: str = "auto"
    """``auto``, ``cpu``, ``cuda`` or ``cuda:N``."""
    log_format: str = "text"
    """``text`` or ``json``."""
    node_files: tuple[str, ...] = ()
    """Files with nodes of the user's own."""

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise SettingError(f"--port must be 0 to 65535, got {self.port}")
        if self.max_sessions < 1:
            raise SettingError(f"--max-sessions must be at least 1, got {self.max_sessions}")
        if not 0 <= self.drain < math.inf:
            raise SettingError(f"--drain must be at least 0 seconds, got {self.drain:g}")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise SettingError("--tls-cert and --tls-key go together: give both or neither")
        for path in (self.tls_cert, self.tls_key):
            if path is not None and not path.is_file():
                raise SettingError(f"there is no file {path}")
        if self.udp_ports is not None:
            low, high = self.udp_ports
            if not 1 <= low <= high <= 65535:
                raise SettingError(f"--udp-ports must be LOW-HIGH in 1-65535, got {low}-{high}")
        self._check_exposure()

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def _check_exposure(self) -> None:
        if self.loopback or self.insecure:
            return
        missing = []
        if self.token is None:
            missing.append("--token")
        if self.tls_cert is None:
            missing.append("--tls-cert and --tls-key")
        if missing:
            raise SettingError(
                f"{self.host} can be reached by others: give {' and '.join(missing)}, "
                "or say --insecure"
            )
