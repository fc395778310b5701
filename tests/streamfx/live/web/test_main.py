"""The page starts the camera, shows what comes back, and says what happens in words."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import mean_colour
from tests.streamfx.live.web.fake import FakeServer
from tests.streamfx.live.web.steps import choose, start, until

REFUSING = """
navigator.mediaDevices.getUserMedia = async (wanted) => {
  throw Object.assign(new Error("no"), { name: NAME });
};
"""


def test_the_processed_picture_comes_back(live: Page, server: FakeServer) -> None:
    until(live, lambda: server.desk.pictures > 3)
    red, _, blue = mean_colour(live.locator("#before"))
    red_back, _, blue_back = mean_colour(live.locator("#after"))
    assert (red - blue) * (red_back - blue_back) < 0, "the relay turns the colours"


def test_the_presets_are_there_before_the_camera_is(page: Page) -> None:
    options = page.get_by_label("Preset").locator("option")
    expect(options).to_have_text(["Soft focus", "Plate background", "Identity"])
    choose(page, "plate-background")
    expect(page.locator("#preset-hint")).to_have_text(
        "Put yourself somewhere else. Works with a clean plate and a background."
    )


def test_the_session_begins_with_the_chosen_preset(page: Page, server: FakeServer) -> None:
    choose(page, "identity")
    start(page)
    assert server.hub.joins == [(None, "identity")]


def test_a_part_of_the_camera_s_own_picture_can_be_compared(live: Page) -> None:
    live.get_by_role("button", name="Compare").click()
    wipe = live.get_by_role("slider", name="Before and after")
    expect(wipe).to_be_focused()
    expect(wipe).to_have_attribute("aria-valuetext", "50 percent before")
    clip = "(video) => getComputedStyle(video).clipPath"
    assert live.locator("#before").evaluate(clip) == "inset(0px 50% 0px 0px)"
    for _ in range(10):
        wipe.press("ArrowRight")
    assert live.locator("#before").evaluate(clip) == "inset(0px 40% 0px 0px)"
    box = live.locator("#screen").bounding_box()
    assert box is not None
    x, y = box["x"], box["y"] + box["height"] / 2
    live.mouse.move(x + 0.6 * box["width"], y)
    live.mouse.down()
    live.mouse.move(x + 0.2 * box["width"], y)
    live.mouse.up()
    expect(wipe).to_have_value("20")
    live.get_by_role("button", name="Compare").click()
    expect(live.locator("#before")).to_be_hidden()


def test_statistics_are_shown_with_their_parts(live: Page) -> None:
    figures = live.locator("#figures")
    expect(figures).to_contain_text("29.7 fps")
    expect(figures).to_contain_text("2.63 Mbit/s")
    expect(figures).to_contain_text("10 (")
    expect(live.locator("#costs-rows")).to_contain_text("glow")
    tip = live.locator("#figures > div").first.get_attribute("title")
    assert tip is not None
    assert tip.startswith("Server 2")
    assert "95 % under 38 ms" in tip


def test_what_the_graph_lacks_is_said_on_the_picture(live: Page, server: FakeServer) -> None:
    why = "the graph needs input 'plate'"
    server.tell({"type": "state", "state": "waiting", "why": why, "rung": "full"})
    expect(live.locator("#notice")).to_have_text("The graph needs input 'plate'.")
    server.tell({"type": "state", "state": "running", "why": "", "rung": "full"})
    expect(live.locator("#notice")).to_be_hidden()
    server.tell({"type": "state", "state": "running", "why": "pass: the load", "rung": "pass"})
    expect(live.locator("#notice")).to_contain_text("your camera's picture is shown as it is")
    server.tell({"type": "state", "state": "running", "why": "", "rung": "smaller"})
    expect(live.locator("#notice")).to_be_hidden()


def test_a_recording_can_be_fetched(live: Page, server: FakeServer) -> None:
    button = live.get_by_role("button", name="Record")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    with live.expect_download() as waiting:
        live.get_by_role("link", name="Download stream-1-output.mkv").click()
    assert waiting.value.path().read_bytes() == b"a video"
    assert server.hub.heard == [("record", True), ("record", False)]


def test_the_result_can_be_sent_on(live: Page, server: FakeServer) -> None:
    live.locator("#share-panel summary").click()
    watch = live.get_by_label("WHEP address for players")
    expect(watch).to_have_value(f"{server.url}whep/stream-1")
    live.get_by_label("Send on to").fill("rtmp://127.0.0.1/live/key")
    live.get_by_role("button", name="Send", exact=True).click()
    expect(live.locator("#push-state")).to_have_text("Being sent.")
    live.get_by_role("button", name="Stop sending").click()
    expect(live.locator("#push-state")).to_have_text("Ended.")
    assert server.hub.heard == [("push", "rtmp://127.0.0.1/live/key"), ("stop-push",)]


def test_muting_sends_a_black_picture_and_no_session_ends(live: Page, server: FakeServer) -> None:
    camera = live.get_by_role("button", name="Camera", exact=True)
    camera.click()
    expect(camera).to_have_attribute("aria-pressed", "false")
    until(live, lambda: sum(mean_colour(live.locator("#before"))) < 10, "black")
    camera.click()
    until(live, lambda: sum(mean_colour(live.locator("#before"))) > 100, "the picture")
    assert len(server.hub.joins) == 1


def test_another_camera_goes_on_in_the_same_connection(live: Page, server: FakeServer) -> None:
    live.locator("#devices-panel summary").click()
    live.get_by_label("Size").select_option("640x360")
    live.get_by_label("Microphone").select_option("none")
    before = server.desk.pictures
    until(live, lambda: server.desk.pictures > before + 10, "pictures")
    expect(live.get_by_role("button", name="Mic")).to_be_disabled()
    expect(live.locator("#status")).to_have_text("Live")
    assert server.desk.offers == 1


def test_stopping_ends_the_session_for_good(live: Page, server: FakeServer) -> None:
    live.get_by_role("button", name="Stop", exact=True).click()
    expect(live.locator("#status")).to_have_text("Stopped")
    expect(live.get_by_role("button", name="Start the camera")).to_be_focused()
    until(live, lambda: server.desk.left is True, "leave")
    assert live.evaluate("sessionStorage.getItem('streamfx.session')") is None
    start(live)
    assert server.hub.joins == [(None, "soft-focus"), (None, "soft-focus")]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("NotAllowedError", "The camera was not allowed. Allow it beside the address"),
        ("NotFoundError", "There is no camera. Connect one"),
        ("NotReadableError", "another program may be using it"),
        ("UnheardOfError", "The camera cannot be used: no."),
    ],
)
def test_a_camera_that_does_not_come_is_explained(
    context: BrowserContext, server: FakeServer, name: str, words: str
) -> None:
    page = context.new_page()
    page.add_init_script(REFUSING.replace("NAME", repr(name)))
    page.goto(server.url)
    page.get_by_role("button", name="Start the camera").click()
    expect(page.locator("#cover-text")).to_contain_text(words)
    expect(page.get_by_role("button", name="Start the camera")).to_be_enabled()
    assert server.hub.joins == []


def test_without_a_microphone_the_picture_goes_on(
    context: BrowserContext, server: FakeServer
) -> None:
    page = context.new_page()
    page.add_init_script(
        """
        const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (wanted) => {
          if (wanted.audio) throw Object.assign(new Error("no"), { name: "NotFoundError" });
          return ask(wanted);
        };
        """
    )
    page.goto(server.url)
    start(page)
    expect(page.get_by_role("alert")).to_contain_text("There is no microphone: no sound is sent.")
    expect(page.get_by_role("button", name="Mic")).to_be_disabled()
