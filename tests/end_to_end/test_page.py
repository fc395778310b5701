"""Someone opens the page, allows the camera, and sees herself with another background."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, expect

from tests.browser import CHROMIUM, chromium, detail, mean_colour, room_clip
from tests.serving import Serving, serving

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
]

SOON = 45_000
WALL = (0.54, 0.3, 0.08, 0.2)
"""A part of the picture that shows the wall, or the middle of who stands before it."""
ASIDE = (0.02, 0.4, 0.25, 0.5)
"""A part where nobody ever stands."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("recordings")
    presets = ("identity", "soft-focus", "plate-background")  # the first one is warmed up
    with serving(*presets, "--record", folder) as running:
        yield running


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(room_clip(tmp_path_factory.mktemp("camera") / "room.y4m")) as started:
        yield started


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1366, "height": 860})
    made.set_default_timeout(SOON)
    faults: list[str] = []
    made.on("weberror", lambda error: faults.append(str(error.error)))
    yield made
    made.close()
    assert faults == []


@pytest.fixture
def page(context: BrowserContext, server: Serving) -> Iterator[Page]:
    opened = context.new_page()
    opened.goto(server.url)
    opened.get_by_role("button", name="Start the camera").click()
    is_live(opened)
    yield opened
    opened.get_by_role("button", name="Stop", exact=True).click()
    expect(opened.locator("#status")).to_have_text("Stopped", timeout=SOON)


def is_live(page: Page) -> None:
    expect(page.locator("#status")).to_have_text("Live", timeout=SOON)


def empty(page: Page) -> bool:
    return sum(mean_colour(page.locator("#before"), WALL)) > 3 * 150


def wait_for(page: Page, holds: Callable[[], bool]) -> None:
    for _ in range(SOON // 100):
        if holds():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it did not come")


def picture(red: int, green: int, blue: int) -> bytes:
    coder = av.CodecContext.create("png", "w")
    assert isinstance(coder, av.VideoCodecContext)
    coder.width, coder.height, coder.pix_fmt = 192, 108, "rgb24"
    array = np.full((108, 192, 3), (red, green, blue), np.uint8)
    packets = coder.encode(av.VideoFrame.from_ndarray(array, "rgb24"))
    return b"".join(bytes(packet) for packet in [*packets, *coder.encode(None)])


def test_a_parameter_changes_the_picture_and_a_reload_keeps_it(page: Page) -> None:
    page.get_by_label("Preset").select_option("soft-focus")
    after = page.locator("#after")
    opacity = page.get_by_role("slider", name="Opacity")
    radius = page.get_by_role("slider", name="Radius")
    opacity.press("Home")
    page.wait_for_timeout(1500)
    sharp = detail(after)
    radius.press("End")
    opacity.press("End")
    wait_for(page, lambda: detail(after) < sharp / 3)
    page.reload()
    is_live(page)
    expect(opacity).to_have_value("1", timeout=SOON)
    expect(radius).to_have_value("200")
    wait_for(page, lambda: detail(after) < sharp / 3)


def test_the_picture_is_the_camera_s_where_the_graph_changes_nothing(page: Page) -> None:
    before, after = page.locator("#before"), page.locator("#after")
    expect(page.locator("#controls-panel")).to_be_hidden()

    def alike() -> bool:
        pairs = zip(mean_colour(before, ASIDE), mean_colour(after, ASIDE), strict=True)
        return all(abs(one - other) < 8 for one, other in pairs)

    wait_for(page, alike)
    expect(page.locator("#figures")).to_contain_text("fps", timeout=SOON)


def test_the_background_is_changed_after_a_plate_was_taken(page: Page) -> None:
    after = page.locator("#after")
    page.get_by_label("Preset").select_option("plate-background")
    page.get_by_label("Time to step out").select_option("0")
    wait_for(page, lambda: not empty(page))
    wait_for(page, lambda: empty(page))
    page.get_by_role("button", name="Take clean plate").click()
    expect(page.locator("#plate-state")).to_have_text(
        "The plate is taken. Come back in.", timeout=SOON
    )
    page.get_by_role("radio", name="Colour").check()
    page.locator("#background-colour").fill("#ff00ff")

    def magenta() -> bool:
        red, green, blue = mean_colour(after, ASIDE)
        return red > 180 and green < 60 and blue > 180

    def she_is_there() -> bool:
        red, green, blue = mean_colour(after, WALL)
        return green > max(red, blue) / 2

    wait_for(page, lambda: magenta() and not she_is_there())
    wait_for(page, lambda: magenta() and she_is_there())

    beach = FilePayload(name="green.png", mimeType="image/png", buffer=picture(10, 180, 30))
    page.locator("#upload").set_input_files(beach)
    expect(page.get_by_role("radio", name="green.png")).to_be_checked(timeout=SOON)

    def green() -> bool:
        red, green, blue = mean_colour(after, ASIDE)
        return green > 140 and red < 80 and blue < 90

    wait_for(page, green)
    page.reload()
    is_live(page)
    wait_for(page, green)
    expect(page.locator("#plate-state")).to_have_text("There is a plate.", timeout=SOON)


def test_a_recording_comes_down_as_a_film(page: Page, tmp_path: Path) -> None:
    button = page.get_by_role("button", name="Record", exact=True)
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true", timeout=SOON)
    page.wait_for_timeout(2500)
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false", timeout=SOON)
    link = page.get_by_role("link", name="output")
    expect(link).to_have_count(1, timeout=SOON)
    with page.expect_download() as waiting:
        link.click()
    film = tmp_path / "film.mkv"
    waiting.value.save_as(film)
    with av.open(str(film)) as container:
        assert sum(1 for _ in container.decode(video=0)) > 5


def test_a_page_that_is_closed_leaves_nothing_behind(
    context: BrowserContext, server: Serving
) -> None:
    page = context.new_page()
    page.goto(server.url)
    page.get_by_role("button", name="Start the camera").click()
    is_live(page)
    assert server.metric("streamfx_sessions") == 1
    page.close()
    end = time.monotonic() + 30
    while server.metric("streamfx_sessions") > 0:
        assert time.monotonic() < end, "the session is still there"
        time.sleep(0.2)
