"""``streamfx serve``: cameras and streams through graphs, live, over WebRTC."""

from __future__ import annotations

import asyncio
import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from streamfx.cli import options
from streamfx.cli.terminal import Terminal
from streamfx.errors import SettingError

if TYPE_CHECKING:  # brings torch and aiortc, which --help does without
    from streamfx.live.sessions.contract import Hub
    from streamfx.live.settings import ServeSettings

NET, SAFE, MEDIA = "Where it listens", "Who may use it", "What runs"


class LogFormat(StrEnum):
    """How the log is written."""

    TEXT = "text"
    JSON = "json"


def command(
    context: typer.Context,
    presets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PRESET",
            help="What is offered, the first by default; else every shipped preset.",
            autocompletion=options.preset_names,
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on.", rich_help_panel=NET)
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Port to listen on; 0: a free one.", rich_help_panel=NET)
    ] = 8080,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="STREAMFX_TOKEN",
            help="What clients must present as Bearer token.",
            rich_help_panel=SAFE,
        ),
    ] = None,
    max_sessions: Annotated[
        int, typer.Option(help="Sessions at once, at the most.", rich_help_panel=MEDIA)
    ] = 8,
    ice_servers: Annotated[
        list[str] | None,
        typer.Option(
            "--ice-server",
            metavar="URL",
            help="stun:HOST[:PORT] or turn:USER:PASSWORD@HOST[:PORT]; may be repeated.",
            rich_help_panel=NET,
        ),
    ] = None,
    udp_ports: Annotated[
        str | None,
        typer.Option(metavar="LO-HI", help="UDP ports for media.", rich_help_panel=NET),
    ] = None,
    tls_cert: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Certificate chain, PEM.", rich_help_panel=SAFE),
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its key, PEM.", rich_help_panel=SAFE)
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Let sessions be recorded, into DIR.", rich_help_panel=MEDIA
        ),
    ] = None,
    sources: Annotated[
        list[str] | None,
        typer.Option(
            "--source",
            metavar="[NAME=]WHERE",
            help="Publish a file, URL or device from the start; may be repeated.",
            rich_help_panel=MEDIA,
        ),
    ] = None,
    drain: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            help="What sessions get to end after SIGTERM; a second signal ends at once.",
            rich_help_panel=MEDIA,
        ),
    ] = 10.0,
    insecure: Annotated[
        bool,
        typer.Option(
            "--insecure",
            help="Listen on a public address without token and TLS.",
            rich_help_panel=SAFE,
        ),
    ] = False,
    origins: Annotated[
        list[str] | None,
        typer.Option(
            "--origin",
            metavar="URL",
            help="A further origin whose pages may connect; may be repeated.",
            rich_help_panel=SAFE,
        ),
    ] = None,
    log_format: Annotated[
        LogFormat, typer.Option(help="How the log is written, to stderr.")
    ] = LogFormat.TEXT,
    node_files: options.NodeFiles = None,
    device: options.Device = "auto",
    offline: options.Offline = False,
) -> None:
    """Serve a page that sends the camera through a graph, and WHIP, WHEP and a control socket.

    For example: streamfx serve soft-focus --port 8080
    """
    terminal: Terminal = context.obj
    terminal.json = log_format is LogFormat.JSON
    from streamfx.live.settings import IceServer, ServeSettings

    settings = ServeSettings(
        presets=tuple(presets or ()),
        host=host,
        port=port,
        token=_token(token),
        max_sessions=max_sessions,
        ice_servers=tuple(IceServer.parse(text) for text in ice_servers or ()),
        udp_ports=_ports(udp_ports),
        tls_cert=tls_cert,
        tls_key=tls_key,
        record=record,
        sources=tuple(sources or ()),
        drain=drain,
        insecure=insecure,
        origins=tuple(map(_origin, origins or ())),
        log_format=log_format.value,
        device=device,
        offline=offline,
        node_files=tuple(node_files or ()),
    )
    run(terminal, settings)


def run(terminal: Terminal, settings: ServeSettings) -> None:
    """Serve until a signal comes."""
    from streamfx.cli.pulling import ready_store
    from streamfx.live.http import logs
    from streamfx.live.http.server import bind, check_certificate, serve
    from streamfx.live.refusal import Refusal
    from streamfx.live.sessions.hub import LiveHub

    check_certificate(settings)  # before the slow part
    bind(settings.host, settings.port).close()
    handler = logs.start(settings.log_format, debug=terminal.debug)

    async def all_of_it() -> None:
        hub = LiveHub(settings)
        _check_names(hub)
        if settings.presets:  # of all presets, each pulls its own while it warms up
            for offered in hub.offer:
                ready_store(terminal, offered.pipeline(), offline=settings.offline)
        await serve(
            settings,
            hub,
            listening=lambda url: _listening(terminal, hub, url),
            ready=lambda: _ready(terminal),
        )

    try:
        asyncio.run(all_of_it())
    except Refusal as exc:  # two sources of one name, or more than there is room for
        raise SettingError(f"--source: {exc}") from exc
    finally:
        logs.stop(handler)


def _listening(terminal: Terminal, hub: Hub, url: str) -> None:
    names = [preset["name"] for preset in hub.presets()]
    settings, device = hub.settings, hub.device_note.removeprefix("device ")
    if terminal.json:
        terminal.event(
            "listening", url=url, device=device, presets=names,
            token=settings.token is not None, record=settings.record is not None,
        )  # fmt: skip
        return
    asked = "asked for" if settings.token is not None else "none"
    kept = settings.record or "not allowed"
    lines = (
        f"Listening on {url}",
        f"  device     {device}",
        f"  presets    {', '.join(names)}",
        f"  token      {asked}",
        f"  recording  {kept}",
        "Warming up ...",
    )
    _write(terminal, *lines)


def _ready(terminal: Terminal) -> None:
    terminal.event("ready")
    if not terminal.json:
        _write(terminal, "Ready; Ctrl-C ends it")


def _write(terminal: Terminal, *lines: str) -> None:
    terminal.data.write("".join(f"{line}\n" for line in lines))
    terminal.data.flush()


def _token(text: str | None) -> str | None:
    if text is None:
        return None
    if not (8 <= len(text) <= 512 and text.isascii() and text.isprintable() and " " not in text):
        raise SettingError("--token must be 8 to 512 visible ASCII characters")
    return text


def _origin(text: str) -> str:
    if text in ("*", "null"):
        return text
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits or parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        raise SettingError(f"--origin takes http(s)://HOST[:PORT] or *, got {text!r}")
    return text


def _check_names(hub: Hub) -> None:
    from streamfx.live.http.messages import NAME

    for preset in hub.presets():
        if re.match(NAME, preset["name"]) is None:
            raise SettingError(
                f"preset {preset['name']!r} cannot be chosen by clients: "
                "its file may be named with letters, digits, '_', '-' and '.'"
            )


def _ports(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    low, dash, high = text.partition("-")
    if not (dash and low.isdecimal() and high.isdecimal() and len(text) <= len("65535-65535")):
        raise SettingError(f"--udp-ports takes LOW-HIGH, got {text!r}")
    return int(low), int(high)
