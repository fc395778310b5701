"""What the server writes to its log: one line an event, as text or JSON, without secrets."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TextIO

LOGGERS = ("streamfx", "uvicorn.error", "asyncio", "py.warnings")
"""Whose lines are written; what other packages say is no news for who runs a server."""
HIDDEN = "***"
"""What stands where a secret stood."""

_SECRETS = (
    (re.compile(r"(?i)(\bbearer\s+)[^\s\"',;]+"), rf"\g<1>{HIDDEN}"),
    (re.compile(r"(?i)([?&#](?:token|access|key|passphrase|streamid)=)[^&\s\"']+"), rf"\1{HIDDEN}"),
    (re.compile(r"(/sessions/)[A-Za-z0-9_\-]{8,}"), rf"\1{HIDDEN}"),
    (re.compile(r"(\b[a-z][a-z0-9+.\-]*://)[^/\s@\"']+@"), rf"\1{HIDDEN}@"),
    (re.compile(r"(\brtmps?://[^/\s]+/[^/\s\"']+/)[^\s\"']+"), rf"\1{HIDDEN}"),
)
_SILENCE = logging.NullHandler()
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def redact(text: str) -> str:
    """Return a text without what looks like a token, a password or a stream key in it."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


class TextFormat(logging.Formatter):
    """``12:34:56 warning streamfx.live: what happened`` on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record; the traceback of a fault follows it."""
        at = datetime.fromtimestamp(record.created).strftime("%H:%M:%S")
        facts = "".join(f" {name}={value}" for name, value in _facts(record).items())
        said = " ".join(record.getMessage().split())
        line = f"{at} {record.levelname.lower()} {record.name}: {said}{facts}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return redact(line)


class JsonFormat(logging.Formatter):
    """One JSON object a line: ``time`` ``level`` ``logger`` ``message`` and the record's facts."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        for name, value in _facts(record).items():
            entry[name] = value if isinstance(value, bool | int | float) else redact(str(value))
        if record.exc_info:
            entry["traceback"] = redact(self.formatException(record.exc_info))
        return json.dumps(entry, ensure_ascii=False)


class Flood(logging.Filter):
    """Lets the same line of the same logger through once a second, and says how often it came."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._last = ""
        self._until = 0.0
        self._held = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is to be written."""
        line, now = f"{record.name} {record.getMessage()}", self._clock()
        if line == self._last and now < self._until:
            self._held += 1
            return False
        if line == self._last and self._held:
            record.msg, record.args = f"{record.getMessage()} ({self._held} more before)", ()
        self._last, self._until, self._held = line, now + 1.0, 0
        return True


def start(style: str, stream: TextIO | None = None, *, debug: bool = False) -> logging.Handler:
    """Write the log to ``stream`` (else stderr) as ``text`` or ``json``; return what writes it."""
    handler = logging.StreamHandler(stream or sys.stderr)
    flood = Flood()  # garbage on the port makes a line each
    handler.setFormatter(JsonFormat() if style == "json" else TextFormat())
    handler.addFilter(lambda record: record.name != "uvicorn.error" or flood.filter(record))
    for name in LOGGERS:
        log = logging.getLogger(name)
        log.addHandler(handler)
        log.propagate = False
        log.setLevel(logging.DEBUG if debug else logging.INFO)
    logging.captureWarnings(True)
    logging.getLogger().addHandler(_SILENCE)  # else Python writes what others say, as it is
    if not debug:  # it tells of each start, stop and connection
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    return handler


def stop(handler: logging.Handler) -> None:
    """Undo :func:`start`."""
    logging.captureWarnings(False)
    logging.getLogger().removeHandler(_SILENCE)
    for name in LOGGERS:
        log = logging.getLogger(name)
        log.removeHandler(handler)
        log.propagate = True
        log.setLevel(logging.NOTSET)


def _facts(record: logging.LogRecord) -> dict[str, object]:
    """Return what a call to the logger gave as ``extra``."""
    return {
        name: value
        for name, value in vars(record).items()
        if name not in _PLAIN and name != "color_message"
    }
