"""Files from the web: resumed where they broke off, from the next mirror where one fails."""

from __future__ import annotations

import http.client
import logging
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from streamfx.errors import ModelError
from streamfx.models.cache import CHUNK, Cache
from streamfx.models.card import ModelCard, WeightFile
from streamfx.models.pulling import Pulling, Tell

log = logging.getLogger(__name__)

TIMEOUT = 20.0
"""Seconds without a byte after which a server counts as gone."""

TRIES = 3
"""Times that one address is asked while it still brings something."""


class _BrokenError(Exception):
    """One address did not bring the file. The message says why."""


def download(card: ModelCard, file: WeightFile, cache: Cache, tell: Tell) -> Path:
    """Fetch one file into the cache; the caller holds its lock.

    What came before a connection broke stays, and the next try goes on behind it. Raises
    :exc:`ModelError` where no address brings the file, with what each of them said.
    """
    part = cache.part(card, file)
    faults: list[str] = []
    for url in file.urls:
        for attempt in range(TRIES):
            before = _length(part)
            try:
                _fetch(card, file, url, cache, tell)
                return cache.finish(card, file)
            except _BrokenError as exc:
                fault = f"{url}: {exc}"
                gained = _length(part) > before
            except ModelError as exc:  # all of it came, and it is another file
                fault = f"{url}: {str(exc).partition(' is not the known file: ')[2] or exc}"
                gained = before > 0 and attempt == 0  # the part may have been of something else
            log.info("model %s: %s", card.name, fault)
            if not gained:
                break
        faults.append(fault)
    raise ModelError(f"model {card.name!r}: {file.name} cannot be fetched: {'; '.join(faults)}")


def _fetch(card: ModelCard, file: WeightFile, url: str, cache: Cache, tell: Tell) -> None:
    """Let the part grow until the file is whole."""
    part = cache.part(card, file)
    have = _length(part)
    if file.size and have >= file.size:
        if have == file.size:
            return
        part.unlink()
        have = 0
    for body, start, whole in _opened(url, have):
        if file.size and whole and whole != file.size:
            raise _BrokenError(f"it is of {whole} bytes, expected {file.size}")
        with cache.complaints(), part.open("ab" if start else "wb") as out:
            done, whole = start, whole or file.size
            tell(Pulling(card, file.name, done, whole))
            while chunk := _chunk(body):
                done += len(chunk)
                if whole and done > whole:
                    raise _BrokenError(f"it goes on after {whole} bytes")
                out.write(chunk)
                tell(Pulling(card, file.name, done, whole))
        if whole and done < whole:
            raise _BrokenError(f"the connection broke after {done} of {whole} bytes")


def _opened(url: str, have: int) -> Iterator[tuple[http.client.HTTPResponse, int, int]]:
    """Yield the answer, the byte that it begins at, and the bytes of the whole (0: not said)."""
    request = urllib.request.Request(url, headers={"User-Agent": "streamfx"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            start = have if answer.status == http.client.PARTIAL_CONTENT else 0
            length = int(answer.headers.get("Content-Length") or 0)
            yield answer, start, start + length if length else 0
    except urllib.error.HTTPError as exc:
        exc.close()
        if exc.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and have:
            yield from _opened(url, 0)
            return
        loop = "infinite loop" in exc.msg
        raise _BrokenError("it redirects for ever" if loop else f"{exc.code} {exc.reason}") from exc
    except urllib.error.URLError as exc:
        raise _BrokenError(str(getattr(exc.reason, "strerror", None) or exc.reason)) from exc
    except (http.client.HTTPException, OSError, ValueError) as exc:
        raise _BrokenError(str(exc) or type(exc).__name__) from exc


def _chunk(body: http.client.HTTPResponse) -> bytes:
    try:
        return body.read1(CHUNK)
    except (http.client.HTTPException, OSError) as exc:
        raise _BrokenError(f"the connection broke: {str(exc) or type(exc).__name__}") from exc


def _length(part: Path) -> int:
    try:
        return part.stat().st_size
    except OSError:
        return 0
