"""The page can be read, reached by keyboard and used on a phone, in light and in the dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from streamfx.live.http.page import TYPES, WEB
from tests.streamfx.live.web.fake import FakeServer
from tests.streamfx.live.web.steps import SOON, Shared, choose, start

NAMELESS = """
() => [...document.querySelectorAll("button, input, select, video, meter, progress, a")]
  .filter((each) => !each.labels?.length && !each.getAttribute("aria-label")
    && !each.getAttribute("aria-labelledby") && !each.textContent.trim())
  .map((each) => each.outerHTML)
"""
TWICE = """
() => {
  const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
  return ids.filter((id, i) => ids.indexOf(id) !== i);
}
"""
SMALL = """
() => [...document.querySelectorAll("main button, main select, main summary, main .card, .button")]
  .filter((each) => each.checkVisibility() && !each.classList.contains("small"))
  .filter((each) => each.getBoundingClientRect().height < 44)
  .map((each) => each.outerHTML)
"""
SVG = "http://www.w3.org/2000/svg"  # a name, nothing that is fetched
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def everything(shared: Shared) -> Page:
    choose(shared.page, "plate-background")
    expect(shared.page.locator("#controls fieldset")).to_have_count(2)
    return shared.page


def test_every_control_has_a_name(everything: Page) -> None:
    assert everything.evaluate(NAMELESS) == []


def test_no_id_is_there_twice(everything: Page) -> None:
    assert everything.evaluate(TWICE) == []


def test_the_keyboard_reaches_everything_in_reading_order(everything: Page) -> None:
    everything.locator(".skip").focus()
    reached = []
    for _ in range(40):
        everything.keyboard.press("Tab")
        reached.append(
            everything.evaluate(
                "(document.activeElement.getAttribute('aria-label') ?? document.activeElement.id) "
                "|| document.activeElement.textContent.trim()"
            )
        )
    expected = ["camera-on", "stop", "Look", "preset", "Background", "plate", "Reset stage"]
    places = [reached.index(each) for each in expected]
    assert places == sorted(places)
    assert places[0] == 0
    assert "Reset cut" in reached


def test_a_phone_shows_it_without_scrolling_sideways(browser: Browser, server: FakeServer) -> None:
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True
    )
    context.set_default_timeout(SOON)
    try:
        page = context.new_page()
        page.goto(server.url)
        choose(page, "plate-background")
        start(page)
        assert page.evaluate(WIDER) == 0
        assert page.evaluate(SMALL) == []
        page.evaluate("scrollTo(0, 900)")
        page.wait_for_timeout(100)
        screen = page.locator("#screen").bounding_box()
        assert screen is not None
        assert screen["y"] == 0, "the picture stays in sight"
    finally:
        context.close()


def test_every_file_of_the_page_is_one_that_is_served() -> None:
    files = [path for path in WEB.iterdir() if path.suffix != ".py" and path.is_file()]
    assert {path.suffix for path in files} <= set(TYPES)
    text = "".join(path.read_text() for path in files)
    named = set(re.findall(r"/web/([\w.-]+)", text)) | set(re.findall(r'from "\./([\w.]+)"', text))
    assert named | {"index.html"} == {path.name for path in files}


def test_nothing_is_loaded_from_elsewhere_or_inline() -> None:
    html = (WEB / "index.html").read_text()
    assert not re.search(r"<script(?![^>]* src=)|<style|style=|\son\w+=", html)
    for path in WEB.iterdir():
        if path.is_file():
            text = path.read_text().replace(SVG, "")
            assert not re.search(r"(https?:)?//\w+\.\w+", text), path.name


def luminance(colour: str) -> float:
    """Return WCAG 2's relative luminance of #rrggbb."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return WCAG 2's contrast ratio."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_stand_out_from_their_ground(theme: str) -> None:
    css = Path(WEB / "style.css").read_text()
    light, dark = css.split("prefers-color-scheme: dark", 1)
    values = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    if theme == "dark":
        values |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark))
    for ground in ("ground", "panel", "field"):
        for ink in ("ink", "soft", "accent"):
            assert contrast(values[ink], values[ground]) >= 4.5, (ink, ground)
    for ink, ground in [
        ("good", "panel"),
        ("warn", "panel"),
        ("bad", "panel"),
        ("bad", "bad-ground"),
        ("ink", "bad-ground"),
        ("ink", "tint"),
        ("on-accent", "accent"),
    ]:
        assert contrast(values[ink], values[ground]) >= 4.5, (ink, ground)
    assert contrast(values["field-edge"], values["panel"]) >= 3
