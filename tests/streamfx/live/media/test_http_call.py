import contextlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from streamfx.errors import MediaError
from streamfx.live.media import http_call
from streamfx.live.media.http_call import Call, make, same_origin
from tests.streamfx.live.media.ears import free_port


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_): ...

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/circle":
            self.send_response(307)
            self.send_header("Location", "/circle")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path == "/file":
            self.send_response(308)
            self.send_header("Location", "file:///etc/passwd")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path == "/drip":
            with contextlib.suppress(OSError):
                self.wfile.write(b"HTTP/1.1 201 Created\r\nX: ")
                while True:
                    self.wfile.write(b"x")
                    time.sleep(0.02)
        elif self.path == "/nowhere":
            self.send_response(201)
            self.send_header("Location", "http://[")
            self.end_headers()
        elif self.path == "/long":
            self.send_response(201)
            self.end_headers()
            self.wfile.write(bytes(http_call.LARGEST + 10))
        elif self.path == "/page":
            self.send_response(500, "Broken")
            self.end_headers()
            self.wfile.write(b"<html>trace</html>")
        else:
            self.send_response(201)
            self.send_header("Location", "res/1")
            self.end_headers()
            self.wfile.write(body + self.headers.get("Authorization", "").encode())


@pytest.fixture(scope="module")
def address():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_request_carries_its_token_and_its_place_is_made_absolute(address):
    reply = make(Call("POST", f"{address}/a/b?c=d", "word", b"body", "text/plain"))
    assert reply.status == 201
    assert reply.body == b"bodyBearer word"
    assert reply.location == f"{address}/a/res/1"


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/circle", "redirects in a circle"),
        ("/file", "the endpoint leads to a 'file' address"),
        ("/long", "answer is too long"),
        ("/nowhere", "cannot be reached: Invalid IPv6 URL"),
    ],
)
def test_what_no_endpoint_should_do_is_an_error(address, path, why):
    with pytest.raises(MediaError, match=why):
        make(Call("POST", address + path, None, b"", "text/plain"))


def test_an_endpoint_that_drips_is_given_up(address, monkeypatch):
    monkeypatch.setattr(http_call, "LONGEST", 0.3)
    with pytest.raises(MediaError, match="took longer than 0.3 s"):
        make(Call("POST", f"{address}/drip", None, b"", "text/plain"))


def test_pages_of_html_are_not_shown(address):
    assert make(Call("POST", f"{address}/page", None, b"", "text/plain")).said() == "500 Broken"


def test_nobody_there_is_one_line():
    with pytest.raises(MediaError, match="cannot be reached: Connection refused"):
        make(Call("POST", f"http://127.0.0.1:{free_port()}/"))


def test_servers_are_the_same_by_scheme_host_and_port():
    assert same_origin("http://a:1/x", "http://a:1/y")
    assert not same_origin("http://a:1/x", "https://a:1/x")
    assert not same_origin("http://a:1/x", "http://a:2/x")
