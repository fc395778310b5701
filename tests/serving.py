"""``streamfx serve`` as a process of its own, for tests from outside."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

READY = 60.0
"""Seconds until a server must be ready: it loads torch and warms its graphs up."""
_TRUSTING = ssl._create_unverified_context()  # certificates of tests are of their own making
_ADDRESS = re.compile(r"https?://[^\s/]+:\d+")


@dataclass
class Serving:
    """A server that runs."""

    process: subprocess.Popen[str]
    url: str
    """``http://HOST:PORT``, without a slash at the end."""
    lines: list[str] = field(default_factory=list)
    """What it wrote so far, both streams, line by line."""

    @property
    def socket(self) -> str:
        """Address of the control channel."""
        return self.url.replace("http", "ws", 1) + "/ws"

    def get(self, path: str, token: str | None = None) -> tuple[int, str]:
        """Return the status and body of a request; refusals too."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        request = urllib.request.Request(self.url + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10, context=_TRUSTING) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as exc:
            with exc:
                return exc.code, exc.read().decode()

    def metric(self, name: str) -> float:
        """Return the sum of a metric over its labels."""
        lines = self.get("/metrics")[1].splitlines()
        found = [line for line in lines if re.match(rf"{name}(\{{.*\}})? ", line)]
        if not found:
            raise LookupError(f"/metrics has no {name}")
        return sum(float(line.rpartition(" ")[2]) for line in found)

    def stop(self, seconds: float = 30.0) -> int:
        """Ask it to end as a service manager does, and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)


@contextlib.contextmanager
def serving(
    *words: str | Path, ready: bool = True, environment: dict[str, str] | None = None
) -> Iterator[Serving]:
    """Start ``streamfx serve`` with these words on a free port, and end it afterwards.

    Waits until ``/readyz`` says 200, unless ``ready`` is false: then until it listens.
    """
    command = [sys.executable, "-m", "streamfx", "serve", *map(str, words)]
    if "--port" not in words:
        command += ["--port", "0"]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
    )
    server = Serving(process, "")
    reading = threading.Thread(target=_read, args=(process, server.lines), daemon=True)
    reading.start()
    try:
        _wait(server, ready=ready)
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        reading.join(5)
        assert process.stdout is not None
        process.stdout.close()


def _read(process: subprocess.Popen[str], lines: list[str]) -> None:
    assert process.stdout is not None
    with contextlib.suppress(ValueError):  # closed while it is read
        lines.extend(line.rstrip("\n") for line in process.stdout)


def _wait(server: Serving, *, ready: bool) -> None:
    end = time.monotonic() + READY
    while time.monotonic() < end:
        if server.process.poll() is not None:
            break
        if not server.url:
            found = [match[0] for line in server.lines if (match := _ADDRESS.search(line))]
            server.url = found[0] if found else ""
        elif not ready or _ready(server):
            return
        time.sleep(0.2)
    said = "\n".join(server.lines[-20:])
    raise AssertionError(f"the server was not ready in {READY:g} s; it said:\n{said}")


def _ready(server: Serving) -> bool:
    try:
        return server.get("/readyz")[0] == 200
    except OSError:
        return False
