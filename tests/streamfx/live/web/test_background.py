"""What stands behind is chosen, uploaded, and the clean plate taken."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.streamfx.live.web.fake import FakeServer
from tests.streamfx.live.web.steps import Shared, choose, is_live, until


@pytest.fixture(scope="module")
def stage(shared: Shared) -> Page:
    choose(shared.page, "plate-background")
    expect(shared.page.locator("#background-panel")).to_be_visible()
    return shared.page


@pytest.fixture
def server(shared: Shared) -> FakeServer:
    shared.server.hub.heard.clear()
    return shared.server


def picture() -> bytes:
    """Return a small PNG."""
    coder = av.CodecContext.create("png", "w")
    assert isinstance(coder, av.VideoCodecContext)
    coder.width, coder.height, coder.pix_fmt = 64, 36, "rgb24"
    coder.time_base = Fraction(1)
    frame = av.VideoFrame.from_ndarray(np.full((36, 64, 3), (200, 80, 20), np.uint8), "rgb24")
    return b"".join(bytes(packet) for packet in [*coder.encode(frame), *coder.encode(None)])


def movie() -> bytes:
    """Return a small MP4."""
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 36, "yuv420p"
        for shade in range(5):
            array = np.full((36, 64, 3), 40 * shade, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(array, "rgb24")))
        container.mux(stream.encode())
    return target.getvalue()


def test_what_the_server_has_is_shown(stage: Page) -> None:
    expect(stage.get_by_role("radio", name="Blur")).to_be_checked()
    expect(stage.locator("#plate-state")).to_have_text("There is no plate yet.")
    expect(stage.locator("#notice")).to_have_text("This look begins once a clean plate is taken.")


def test_a_colour_stands_behind(stage: Page, server: FakeServer) -> None:
    stage.get_by_role("radio", name="Colour").check()
    until(stage, lambda: server.desk.behind == ("colour", "#2f6f5e"))
    stage.locator("#background-colour").fill("#ff8800")
    until(stage, lambda: server.desk.behind == ("colour", "#ff8800"))
    stage.get_by_role("radio", name="As it is").check()
    until(stage, lambda: server.desk.behind == ("none", None))
    expect(stage.locator("#background-colour")).to_be_hidden()


@pytest.mark.parametrize(
    ("name", "mime", "content"),
    [("beach.png", "image/png", picture()), ("waves.mp4", "video/mp4", movie())],
)
def test_an_upload_stands_behind_and_outlives_a_reload(
    stage: Page, server: FakeServer, name: str, mime: str, content: bytes
) -> None:
    stage.locator("#upload").set_input_files(FilePayload(name=name, mimeType=mime, buffer=content))
    radio = stage.get_by_role("radio", name=name)
    expect(radio).to_be_checked()
    until(stage, lambda: server.desk.behind[0] == "upload")
    chosen = server.desk.behind
    stage.get_by_role("radio", name="Blur").check()
    until(stage, lambda: server.desk.behind == ("blur", None))
    stage.reload()
    is_live(stage)
    expect(radio).not_to_be_checked()
    if mime == "image/png":
        expect(stage.locator(".upload img").first).to_be_visible()
    radio.check()
    until(stage, lambda: server.desk.behind == chosen)
    stage.get_by_role("radio", name="Blur").check()


def test_the_oldest_that_is_not_shown_makes_room(stage: Page, server: FakeServer) -> None:
    expect(stage.locator("#upload-hint")).to_contain_text("the last 5 are kept")
    kept = stage.locator(".upload span").all_inner_texts()
    for number in range(5):
        name = f"place-{number}.png"
        file = FilePayload(name=name, mimeType="image/png", buffer=picture())
        stage.locator("#upload").set_input_files(file)
        expect(stage.get_by_role("radio", name=name)).to_be_checked()
        kept.append(name)
        kept = kept[-5:]
        expect(stage.locator(".upload span")).to_have_text(kept)
    stage.get_by_role("radio", name="place-0").check()
    file = FilePayload(name="last.png", mimeType="image/png", buffer=picture())
    stage.locator("#upload").set_input_files(file)
    expect(stage.locator(".upload span")).to_have_text(
        ["place-0.png", "place-2.png", "place-3.png", "place-4.png", "last.png"]
    )
    stage.get_by_role("radio", name="Blur").check()


def test_what_is_too_large_is_not_sent(stage: Page, server: FakeServer) -> None:
    stage.locator("#upload").set_input_files(
        FilePayload(name="huge.png", mimeType="image/png", buffer=bytes((1 << 20) + 1))
    )
    expect(stage.get_by_role("alert")).to_contain_text("huge.png is too large: at most 1 MB.")
    assert server.hub.heard == []


def test_what_is_neither_picture_nor_video_is_refused_in_words(stage: Page) -> None:
    stage.locator("#upload").set_input_files(
        FilePayload(name="essay.png", mimeType="image/png", buffer=b"once upon a time " * 100)
    )
    expect(stage.get_by_role("alert")).to_contain_text("essay.png: ")
    expect(stage.locator("#upload")).to_be_enabled()
    expect(stage.get_by_role("radio", name="Blur")).to_be_checked()


def test_a_clean_plate_is_counted_down_for(stage: Page, server: FakeServer) -> None:
    stage.get_by_label("Time to step out").select_option("3")
    stage.get_by_role("button", name="Take clean plate").click()
    expect(stage.locator("#count")).to_have_text("3")
    expect(stage.locator("#announcer")).to_have_text(
        "Step out of the picture: the plate is taken in 3 seconds."
    )
    assert ("plate",) not in server.hub.heard
    expect(stage.locator("#plate-state")).to_have_text("The plate is taken. Come back in.")
    expect(stage.locator("#count")).to_be_hidden()
    expect(stage.locator("#notice")).to_be_hidden()
    assert server.hub.heard[-1] == ("plate",)


def test_the_countdown_can_be_cancelled(stage: Page, server: FakeServer) -> None:
    stage.get_by_label("Time to step out").select_option("10")
    stage.get_by_role("button", name="Take clean plate").click()
    expect(stage.locator("#count")).to_have_text("10")
    stage.keyboard.press("Escape")
    expect(stage.locator("#count")).to_be_hidden()
    expect(stage.locator("#plate-state")).to_have_text("Cancelled.")
    assert ("plate",) not in server.hub.heard


def test_a_plate_that_failed_says_why(stage: Page, server: FakeServer) -> None:
    why = "31% of the picture moved: step out of it, and keep the camera still"
    server.tell({"type": "plate", "state": "failed", "why": why})
    expect(stage.locator("#plate-state")).to_have_text(f"No plate: {why}.")
