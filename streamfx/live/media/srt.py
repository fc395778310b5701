"""SRT by libsrt: the Secure Reliable Transport that PyAV's FFmpeg is built without.

Source: draft-sharabayko-srt (the protocol) and srt.h of libsrt 1.5 (numbers of the options).
"""

from __future__ import annotations

import ctypes
import ctypes.util
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from urllib.parse import parse_qsl, urlsplit

from streamfx.errors import MediaError, SettingError

LARGEST = 1316
"""Bytes of a message in live mode: seven packets of an MPEG transport stream."""

LONGEST_LATENCY = 10_000
"""Milliseconds of latency, at the most."""

_LIBRARIES = ("srt-gnutls", "srt", "srt-openssl")
_FILES = (
    "libsrt-gnutls.so.1.5",
    "libsrt.so.1.5",
    "libsrt-openssl.so.1.5",
    "libsrt.dylib",
    "srt.dll",
)

_SENDER, _PASSPHRASE, _PBKEYLEN, _STREAMID, _LATENCY = 21, 26, 27, 46, 23
_SNDTIMEO, _RCVTIMEO, _CONNTIMEO = 13, 14, 36
_CONNECTION_LOST, _NO_CONNECTION, _TIMEOUTS = 2001, 2002, (6001, 6002, 6003)

MODES = ("caller", "listener")


@dataclass(frozen=True, slots=True)
class Route:
    """Where an SRT URL leads: ``srt://HOST:PORT?mode=…&streamid=…&passphrase=…&latency=MS``."""

    host: str
    """Empty for a listener on every address."""
    port: int
    """1 to 65535."""
    listener: bool
    """Whether to wait for the other side instead of calling it."""
    streamid: str
    """What the caller wants; empty where nothing is said."""
    passphrase: str
    """10 to 79 characters; empty: not encrypted."""
    pbkeylen: int
    """Bytes of the key: 16, 24 or 32; 0: as the other side says."""
    latency: int | None
    """Milliseconds that lost packets may take to be sent again; None: libsrt's 120."""

    @classmethod
    def parse(cls, url: str) -> Route:
        """Read a URL. Raises :exc:`SettingError`, which never quotes the passphrase."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError as exc:
            raise SettingError(f"not an SRT address: {exc}") from exc
        if port is None or port == 0:
            raise SettingError("an SRT address needs a port: srt://HOST:PORT")
        said = dict(parse_qsl(parts.query, keep_blank_values=True))
        mode = said.pop("mode", "caller" if host else "listener")
        if mode not in MODES:
            raise SettingError(f"mode of an SRT address is {' or '.join(MODES)}, got {mode!r}")
        if mode == "caller" and not host:
            raise SettingError("an SRT address needs a host: srt://HOST:PORT")
        passphrase = said.pop("passphrase", "")
        if passphrase and not 10 <= len(passphrase.encode()) <= 79:
            raise SettingError("passphrase of an SRT address has 10 to 79 characters")
        pbkeylen = _whole(said.pop("pbkeylen", "0"), "pbkeylen")
        if pbkeylen not in (0, 16, 24, 32):
            raise SettingError(f"pbkeylen of an SRT address is 16, 24 or 32, got {pbkeylen}")
        latency = _whole(said.pop("latency"), "latency") if "latency" in said else None
        if latency is not None and latency > LONGEST_LATENCY:
            raise SettingError(
                f"latency of an SRT address is in milliseconds, at most {LONGEST_LATENCY},"
                f" got {latency}"
            )
        streamid = said.pop("streamid", "")
        said.pop("transtype", None)
        if said:
            raise SettingError(
                f"unknown in an SRT address: {', '.join(sorted(said))}; known are latency, mode,"
                " passphrase, pbkeylen, streamid"
            )
        return cls(host, port, mode == "listener", streamid, passphrase, pbkeylen, latency)


class _Socket:
    """A connected SRT socket in live mode. Calls wait without the interpreter's lock."""

    def __init__(self, url: str, patience: float, *, sends: bool) -> None:
        self._srt = load()
        self._srt.srt_startup()
        self._patience = patience
        route = Route.parse(url)
        self._sock = self._srt.srt_create_socket()
        try:
            self._set_up(route, sends=sends)
            if route.listener:
                self._accept(route)
            else:
                self._call(route)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection. Safe to call twice."""
        if self._sock >= 0:
            self._srt.srt_close(self._sock)
            self._sock = -1

    def _set_up(self, route: Route, *, sends: bool) -> None:
        wait = int(self._patience * 1000)
        numbers = [(_SNDTIMEO, wait), (_RCVTIMEO, wait), (_CONNTIMEO, wait), (_SENDER, int(sends))]
        if route.latency is not None:
            numbers.append((_LATENCY, route.latency))
        if route.pbkeylen:
            numbers.append((_PBKEYLEN, route.pbkeylen))
        for option, value in numbers:
            self._set(option, struct.pack("=i", value))
        for option, text in ((_PASSPHRASE, route.passphrase), (_STREAMID, route.streamid)):
            if text:
                self._set(option, text.encode())

    def _set(self, option: int, value: bytes) -> None:
        self._check(self._srt.srt_setsockflag(self._sock, option, value, len(value)))

    def _call(self, route: Route) -> None:
        where = _address(route)
        self._check(self._srt.srt_connect(self._sock, where, len(where)))

    def _accept(self, route: Route) -> None:
        where = _address(route)
        waiting = self._sock
        self._check(self._srt.srt_bind(waiting, where, len(where)))
        self._check(self._srt.srt_listen(waiting, 1))
        accepted = self._srt.srt_accept(waiting, None, None)
        self._check(accepted)
        self._sock = accepted
        self._srt.srt_close(waiting)

    def _check(self, result: int) -> None:
        if result >= 0:
            return
        code = self._srt.srt_getlasterror(None)
        if code in _TIMEOUTS:
            raise MediaError(f"nothing came for {self._patience:.0f} s")
        reason = self._srt.srt_getlasterror_str().decode(errors="replace").strip()
        raise MediaError(reason.rstrip(".") or "SRT failed")


class Receiver(_Socket):
    """What comes from an SRT address, as a file to read. Raises :exc:`MediaError`."""

    def __init__(self, url: str, patience: float) -> None:
        super().__init__(url, patience, sends=False)
        self._buffer = ctypes.create_string_buffer(2048)
        self._rest = b""

    def read(self, size: int = LARGEST) -> bytes:
        """Return at most ``size`` bytes of a message; nothing when the other side has left."""
        if not self._rest:
            self._rest = self._receive()
        part, self._rest = self._rest[:size], self._rest[size:]
        return part

    def _receive(self) -> bytes:
        count = self._srt.srt_recv(self._sock, self._buffer, len(self._buffer))
        if count < 0 and self._srt.srt_getlasterror(None) in (_CONNECTION_LOST, _NO_CONNECTION):
            return b""
        self._check(count)
        return self._buffer.raw[:count]


class Sender(_Socket):
    """An SRT address as a file to write to. Raises :exc:`MediaError`."""

    def __init__(self, url: str, patience: float) -> None:
        super().__init__(url, patience, sends=True)

    def write(self, data: bytes) -> int:
        """Send ``data``, in messages of at most :data:`LARGEST` bytes."""
        data = bytes(data)
        for start in range(0, len(data), LARGEST):
            part = data[start : start + LARGEST]
            self._check(self._srt.srt_send(self._sock, part, len(part)))
        return len(data)


def _whole(text: str, name: str) -> int:
    if not text.isdecimal():
        raise SettingError(f"{name} of an SRT address is a whole number, got {text!r}")
    return int(text)


def _address(route: Route) -> bytes:
    """Return the ``sockaddr`` of a route. Raises :exc:`MediaError` where there is no such host."""
    try:
        found = socket.getaddrinfo(
            route.host or "0.0.0.0", route.port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError) as exc:
        raise MediaError(f"no such host: {route.host}") from exc
    family, _, _, _, where = found[0]
    host = socket.inet_pton(family, str(where[0]).partition("%")[0])
    head = struct.pack("=H", family) + struct.pack("!H", route.port)
    if family == socket.AF_INET6:
        return head + bytes(4) + host + struct.pack("=I", int(where[-1]))
    return head + host + bytes(8)


@cache
def load() -> ctypes.CDLL:
    """Return libsrt. Raises :exc:`SettingError` where this machine has none."""
    for name in _names():
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        library.srt_getlasterror_str.restype = ctypes.c_char_p
        library.srt_setloglevel(2)  # critical: libsrt writes to standard error
        return library
    raise SettingError(
        "SRT needs libsrt, which is not on this machine (Debian: apt install libsrt1.5-gnutls)"
    )


def _names() -> Iterator[str]:
    yield from _FILES
    for name in map(ctypes.util.find_library, _LIBRARIES):
        if name:
            yield name
