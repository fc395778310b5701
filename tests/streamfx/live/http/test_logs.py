import io
import json
import logging
from collections.abc import Iterator

import pytest

from streamfx.live.http import logs

SECRETS = [
    ("Authorization: Bearer abc.def", "abc.def"),
    ("GET /?token=hunter2&x=1", "hunter2"),
    ("page at http://h/#token=hunter2", "hunter2"),
    ("POST /sessions/AbCd-1234_xyz/backgrounds", "AbCd-1234_xyz"),
    ("push to rtsp://user:pass@host/live", "user:pass"),
    ("push to rtmp://host/app/stream-key failed", "stream-key"),
    ("srt://host:9000?passphrase=hunter2&mode=caller", "hunter2"),
]


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    yield stream


@pytest.mark.parametrize(("text", "secret"), SECRETS)
@pytest.mark.parametrize("style", ["text", "json"])
def test_secrets_do_not_reach_the_log(
    written: io.StringIO, style: str, text: str, secret: str
) -> None:
    handler = logs.start(style, written)
    try:
        logging.getLogger("streamfx.live").info("%s", text, extra={"detail": text})
    finally:
        logs.stop(handler)
    assert secret not in written.getvalue()
    assert logs.HIDDEN in written.getvalue()


def test_what_is_no_secret_stays_as_it_is() -> None:
    line = "listening on http://127.0.0.1:8080/ with 3 presets"
    assert logs.redact(line) == line


def test_json_is_one_object_a_line_with_the_facts_of_the_event(written: io.StringIO) -> None:
    handler = logs.start("json", written)
    try:
        log = logging.getLogger("streamfx.live.http")
        log.info("request", extra={"status": 200, "route": "/ws"})
        log.debug("not asked for")
        try:
            raise ValueError("line one\nline two")
        except ValueError:
            log.exception("it failed")
    finally:
        logs.stop(handler)
    first, second = map(json.loads, written.getvalue().splitlines())
    assert (first["message"], first["status"], first["route"]) == ("request", 200, "/ws")
    assert (first["level"], first["logger"]) == ("info", "streamfx.live.http")
    assert first["time"].endswith("+00:00")
    assert "line two" in second["traceback"]


def test_text_is_one_line_for_people(written: io.StringIO) -> None:
    handler = logs.start("text", written)
    try:
        logging.getLogger("streamfx.live").warning("two\nlines", extra={"stream": "cam"})
    finally:
        logs.stop(handler)
    (line,) = written.getvalue().splitlines()
    assert line.endswith("warning streamfx.live: two lines stream=cam")


def test_what_other_packages_say_breaks_no_line(
    written: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    before = root.handlers[:]
    root.handlers[:] = []  # pytest's own
    handler = logs.start("json", written)
    try:
        logging.getLogger("aioice.ice").warning("not\nof interest")
        logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: ...")
    finally:
        logs.stop(handler)
        assert root.handlers == []
        root.handlers[:] = before
    (line,) = written.getvalue().splitlines()
    assert json.loads(line)["logger"] == "asyncio"
    assert capfd.readouterr().err == ""


def test_stopping_leaves_the_loggers_as_they_were(written: io.StringIO) -> None:
    before = [list(logging.getLogger(name).handlers) for name in logs.LOGGERS]
    logs.stop(logs.start("text", written, debug=True))
    assert [list(logging.getLogger(name).handlers) for name in logs.LOGGERS] == before
    assert all(logging.getLogger(name).propagate for name in logs.LOGGERS)


def test_a_flood_of_one_line_is_counted_and_written_once_a_second() -> None:
    now = 0.0
    flood = logs.Flood(lambda: now)

    def came(text: str) -> str | None:
        record = logging.makeLogRecord({"name": "uvicorn.error", "msg": text})
        return record.getMessage() if flood.filter(record) else None

    assert [came("bad request") for _ in range(100)] == ["bad request", *[None] * 99]
    now = 1.5
    assert came("bad request") == "bad request (99 more before)"
    assert came("another") == "another"
