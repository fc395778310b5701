import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from streamfx.errors import MediaError, SettingError, SourceError, TargetError
from streamfx.live.refusal import Refusal
from streamfx.live.remote import resource


class Endpoint(BaseHTTPRequestHandler):
    """Answers as the class is told, and keeps what it was asked."""

    asked: list[tuple[str, str, dict[str, str], bytes]]
    url: str
    answer: tuple[int, dict[str, str], bytes]

    def _do(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        self.asked.append((self.command, self.path, dict(self.headers.items()), body))
        status, headers, out = self.answer
        self.send_response(status)
        for name, value in {"Content-Length": str(len(out)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(out)

    do_GET = do_POST = do_DELETE = _do  # noqa: N815  names of http.server

    def log_message(self, *args):
        pass


@pytest.fixture
def endpoint():
    class kind(Endpoint):  # noqa: N801  one class a test, as its state is the class's
        pass

    kind.asked, kind.answer = [], (200, {}, b"")
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    kind.url = f"http://127.0.0.1:{server.server_port}"
    yield kind
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_offer_becomes_a_resource(endpoint):
    endpoint.answer = (201, {"Location": "/whip/stage/abc"}, b"v=0\r\n")
    made = asyncio.run(resource.make(endpoint.url + "/whip/stage", "v=0 offer", "t0ken", None))
    assert made == resource.Made(endpoint.url + "/whip/stage/abc", "v=0\r\n", "t0ken")
    ((verb, path, headers, body),) = endpoint.asked
    assert (verb, path, body) == ("POST", "/whip/stage", b"v=0 offer")
    assert headers["Content-Type"] == "application/sdp"
    assert headers["Authorization"] == "Bearer t0ken"


@pytest.fixture
def elsewhere(endpoint):
    """Another server, which the first one redirects to."""

    class other(Endpoint):  # noqa: N801  as above
        pass

    other.asked, other.answer = [], (201, {"Location": "/r/1"}, b"v=0\r\n")
    server = ThreadingHTTPServer(("127.0.0.1", 0), other)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    other.url = f"http://127.0.0.1:{server.server_port}"
    yield other
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_redirect_is_followed_without_the_token_to_another_server(endpoint, elsewhere):
    endpoint.answer = (307, {"Location": elsewhere.url + "/whip/stage"}, b"")
    made = asyncio.run(resource.make(endpoint.url + "/whip/stage", "v=0 offer", "t0ken", None))
    ((verb, _, headers, body),) = elsewhere.asked
    assert (verb, body) == ("POST", b"v=0 offer")
    assert headers["Content-Type"] == "application/sdp"
    assert "Authorization" not in headers
    assert made == resource.Made(elsewhere.url + "/r/1", "v=0\r\n", None)


def test_a_resource_on_another_server_is_not_shown_the_token(endpoint):
    endpoint.answer = (201, {"Location": "http://127.0.0.1:9/r/1"}, b"v=0\r\n")
    made = asyncio.run(resource.make(endpoint.url + "/whip/stage", "v=0", "t0ken", None))
    assert made.token is None


def test_a_redirect_that_would_change_the_method_is_not_followed(endpoint, elsewhere):
    endpoint.answer = (302, {"Location": elsewhere.url}, b"")
    with pytest.raises(Refusal, match="answers 302"):
        asyncio.run(resource.make(endpoint.url, "v=0", "t0ken", None))
    assert elsewhere.asked == []


def test_a_redirect_to_a_file_is_not_followed(endpoint):
    endpoint.answer = (307, {"Location": "file:///etc/passwd"}, b"")
    with pytest.raises((MediaError, Refusal)):
        asyncio.run(resource.make(endpoint.url, "v=0", None, None))


def test_a_page_that_is_no_endpoint_is_named(endpoint):
    endpoint.answer = (200, {}, b"<html>")
    with pytest.raises(MediaError, match="no WHIP or WHEP endpoint: it answers 200"):
        asyncio.run(resource.make(endpoint.url, "v=0", None, None))


def test_a_resource_is_deleted(endpoint):
    asyncio.run(resource.end(endpoint.url + "/whip/stage/abc", None, None))
    assert endpoint.asked[0][:2] == ("DELETE", "/whip/stage/abc")


def test_a_refusal_keeps_its_reason(endpoint):
    body = json.dumps({"error": "all places are taken", "code": "full"}).encode()
    endpoint.answer = (503, {"Retry-After": "7"}, body)
    with pytest.raises(Refusal, match="all places are taken") as caught:
        asyncio.run(resource.make(endpoint.url, "v=0", None, None))
    refusal = caught.value
    assert (refusal.status, refusal.code, refusal.retry_after) == (503, "full", 7)


def test_a_refusal_in_other_words_is_one_line(endpoint):
    endpoint.answer = (404, {}, b"<html>\nnot\nhere")
    with pytest.raises(Refusal) as caught:
        asyncio.run(resource.make(endpoint.url, "v=0", None, None))
    assert "answers 404" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_is_uploaded_beside_the_socket(endpoint, tmp_path):
    endpoint.answer = (201, {}, b'{"id": "upload-1", "kind": "picture"}')
    picture = tmp_path / "beach.jpg"
    picture.write_bytes(b"jpeg")
    server = endpoint.url.replace("http", "ws") + "/deep/ws"
    assert asyncio.run(resource.upload(server, "se/ssion", picture, None, None)) == "upload-1"
    assert endpoint.asked[0][1] == "/deep/sessions/se%2Fssion/backgrounds"
    assert endpoint.asked[0][3] == b"jpeg"


def test_a_missing_file_is_named():
    with pytest.raises(SourceError, match="no-such.jpg: No such file"):
        asyncio.run(resource.upload("ws://h/ws", "s", Path("no-such.jpg"), None, None))


def test_a_recording_is_fetched_whole(endpoint, tmp_path):
    endpoint.answer = (200, {}, b"matroska" * 10_000)
    server = endpoint.url.replace("http", "ws") + "/ws"
    target = tmp_path / "mine.mkv"
    got = asyncio.run(resource.download(server, "session", "a b.mkv", target, None, None))
    assert got == target
    assert target.read_bytes() == b"matroska" * 10_000
    assert endpoint.asked[0][1] == "/sessions/session/recordings/a%20b.mkv"
    assert list(tmp_path.iterdir()) == [target]


def test_a_recording_that_breaks_off_leaves_nothing(endpoint, tmp_path):
    endpoint.answer = (200, {"Content-Length": "100"}, b"too short")
    server = endpoint.url.replace("http", "ws") + "/ws"
    with pytest.raises(MediaError):
        asyncio.run(resource.download(server, "s", "a.mkv", tmp_path / "a.mkv", None, None))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(endpoint, tmp_path):
    server = endpoint.url.replace("http", "ws") + "/ws"
    with pytest.raises(TargetError, match="No such file or directory"):
        target = tmp_path / "none" / "a.mkv"
        asyncio.run(resource.download(server, "s", "a.mkv", target, None, None))


def test_nobody_there_is_said(endpoint):
    with pytest.raises(MediaError, match="Connection refused"):
        asyncio.run(resource.make("http://127.0.0.1:9/whip/stage", "v=0", None, None))


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://[", "stage"])
def test_an_address_of_another_kind_is_refused(url):
    with pytest.raises(SettingError, match="an endpoint is http"):
        asyncio.run(resource.make(url, "v=0", None, None))
