"""A web server for tests of downloads, which can misbehave in the ways that servers do."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Site:
    """What the server has, and what it was asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    """Path to content."""
    cut: dict[str, int] = field(default_factory=dict)
    """Path to the bytes after which the connection breaks, once."""
    slow: float = 0.0
    """Seconds that every answer waits."""
    deaf: bool = False
    """Whether it ignores which range is asked for."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Path and range of every request."""
    url: str = ""


@contextmanager
def serving() -> Iterator[Site]:
    """Yield a site that is served on a free port of this machine."""
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _answer(self, site)

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _answer(to: BaseHTTPRequestHandler, site: Site) -> None:
    wanted = to.headers.get("Range", "")
    site.asked.append((to.path, wanted))
    time.sleep(site.slow)
    if to.path.startswith("/loop"):
        to.send_response(302)
        to.send_header("Location", "/loop")
        to.end_headers()
        return
    if to.path.startswith("/moved/"):
        to.send_response(302)
        to.send_header("Location", to.path.removeprefix("/moved"))
        to.end_headers()
        return
    if to.path not in site.files:
        to.send_error(404)
        return
    data = site.files[to.path]
    start = 0 if site.deaf or not wanted else int(wanted.removeprefix("bytes=").rstrip("-"))
    if start and start >= len(data):
        to.send_error(416)
        return
    to.send_response(206 if start else 200)
    to.send_header("Content-Length", str(len(data) - start))
    to.end_headers()
    end = start + site.cut.pop(to.path, len(data))
    to.wfile.write(data[start:end])
