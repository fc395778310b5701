import asyncio
import contextlib
import itertools
import threading
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch

from streamfx.errors import MediaError, SettingError, SourceError
from streamfx.frame import Frame
from streamfx.live.refusal import Refusal
from streamfx.live.visit import Publish, Watch
from tests.streamfx.live.remote.echo import Echo
from tests.streamfx.live.remote.server import eventually


def grey(count=None):
    image = torch.full((3, 180, 320), 0.5)
    numbers = itertools.count() if count is None else range(count)
    return (Frame(image, Fraction(n, 30), Fraction(1, 30)) for n in numbers)


class Endpoint:
    """WHIP and WHEP in a thread; its peers run in the loop of the test."""

    def __init__(self):
        self.loop = asyncio.get_running_loop()
        self.echoes: list[Echo] = []
        self.asked: list[tuple[str, str, str | None]] = []
        self.sending: list[asyncio.Task[None]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.asked.append(("POST", self.path, self.headers.get("Authorization")))
                accepting = outer.accept(self.path, body)
                answer = asyncio.run_coroutine_threadsafe(accepting, outer.loop).result(10)
                self.send_response(201)
                self.send_header("Location", self.path + "/resource")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer.encode())

            def do_DELETE(self):
                outer.asked.append(("DELETE", self.path, self.headers.get("Authorization")))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    async def accept(self, path, sdp):
        echo = Echo()
        self.echoes.append(echo)
        watched = path.startswith("/whep")
        answer = await echo.peer.accept(sdp, receive=not watched, send=watched)
        if watched:
            self.sending.append(asyncio.create_task(self._send(echo)))
        return answer

    async def _send(self, echo):
        from streamfx.live.media.pictures import outgoing

        for frame in grey():
            await asyncio.sleep(1 / 30)
            await asyncio.to_thread(echo.picture, outgoing(frame), frame.pts, 0.0)

    async def __aenter__(self):
        self._thread.start()
        return self

    async def __aexit__(self, *exc):
        for task in self.sending:
            task.cancel()
        await asyncio.gather(*self.sending, return_exceptions=True)
        await asyncio.to_thread(self._server.shutdown)
        self._thread.join()
        self._server.server_close()
        for echo in self.echoes:
            await echo.peer.close()


def with_endpoint(test):
    async def run():
        async with asyncio.timeout(60), Endpoint() as endpoint:
            await test(endpoint)

    def call():
        asyncio.run(run())

    return call


@with_endpoint
async def test_a_source_is_published_and_the_resource_deleted(endpoint):
    async with Publish(endpoint.url + "/whip/stage", grey(), token="t0ken") as stream:
        await eventually(lambda: endpoint.echoes[0].pictures > 5)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stream.published(), 0.1)
    assert endpoint.asked == [
        ("POST", "/whip/stage", "Bearer t0ken"),
        ("DELETE", "/whip/stage/resource", "Bearer t0ken"),
    ]


@with_endpoint
async def test_a_finite_source_ends(endpoint):
    async with Publish(endpoint.url + "/whip/stage", grey(10)) as stream:
        assert 1 <= await stream.published() <= 10


@with_endpoint
async def test_a_lost_connection_is_said(endpoint):
    async with Publish(endpoint.url + "/whip/stage", grey()) as stream:
        await endpoint.echoes[0].peer.close()
        with pytest.raises(MediaError, match="the connection broke"):
            await stream.published()


@with_endpoint
async def test_a_stream_is_watched(endpoint):
    async with Watch(endpoint.url + "/whep/stage") as stream:
        frame = await anext(stream.frames())
        assert (frame.width, frame.height) == (320, 180)
        assert frame.image.mean().item() == pytest.approx(0.5, abs=0.03)
        frames = stream.frames(waiting=100)
        await endpoint.echoes[0].peer.close()
        with pytest.raises(MediaError, match="the connection broke"):
            async for _ in frames:
                pass


@with_endpoint
async def test_a_file_that_is_not_there_ends_the_connection_again(endpoint):
    with pytest.raises(SourceError, match=r"no-such\.mp4"):
        async with Publish(endpoint.url + "/whip/stage", "no-such.mp4"):
            pass
    assert endpoint.asked[-1][0] == "DELETE"


@with_endpoint
async def test_an_answer_that_is_none_is_refused(endpoint):
    async def accept(path, sdp):
        return "no session description"

    endpoint.accept = accept
    with pytest.raises(Refusal):
        async with Watch(endpoint.url + "/whep/stage"):
            pass


def test_outside_of_async_with_nothing_is_published():
    with pytest.raises(SettingError, match="nothing is published"):
        asyncio.run(Publish("http://127.0.0.1:1/whip/stage", grey()).published())
