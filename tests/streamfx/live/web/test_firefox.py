"""The page does in Firefox what it does in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import MEAN
from tests.firefox import FIREFOX, Firefox, firefox
from tests.streamfx.live.web.fake import FakeServer

pytestmark = pytest.mark.skipif(FIREFOX is None, reason="there is no Firefox")

LIVE = "document.getElementById('status').textContent === 'Live'"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FakeServer]:
    with FakeServer(tmp_path).running() as running:
        yield running


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Firefox]:
    with firefox(tmp_path / "profile") as opened:
        opened.resize(1280, 800)
        yield opened


def means(window: Firefox) -> tuple[list[float], list[float]]:
    before, after = window.evaluate(
        f"['before', 'after'].map((id) => ({MEAN})(document.getElementById(id)))"
    )
    return before, after


def click(window: Firefox, selector: str) -> None:
    window.evaluate(f"document.querySelector({selector!r}).click()")


def test_the_page_works_from_the_camera_to_a_reload(server: FakeServer, window: Firefox) -> None:
    window.goto(server.url)
    window.until("document.querySelectorAll('#preset option').length === 3")
    click(window, "#start")
    window.until(LIVE)
    before, after = means(window)
    assert sum(after) > 0
    assert (before[1] - before[0]) * (after[1] - after[0]) < 0, "the relay turns the colours"
    window.until("document.querySelector('#figures').textContent.includes('29.7 fps')")

    window.evaluate(
        "(() => { const slider = document.querySelector('#controls input[type=range]');"
        " slider.value = 2; slider.dispatchEvent(new Event('input')); })()"
    )
    window.until("document.querySelector('#controls input[type=number]').value === '2'")
    click(window, "#compare")
    clip = "getComputedStyle(document.querySelector('#before')).clipPath"
    assert window.evaluate(clip) == "inset(0px 50% 0px 0px)"

    window.reload()
    window.until(LIVE)
    assert server.hub.joins == [(None, "soft-focus"), ("session-0001", "soft-focus")]
    assert server.desk.stops == 2
    assert window.evaluate("document.querySelector('#controls input[type=range]').value") == "2"

    window.resize(360, 740)
    assert window.until(
        "document.documentElement.scrollWidth === document.documentElement.clientWidth"
    )
