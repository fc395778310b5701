"""A played server and a browser with a camera."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser import CHROMIUM, camera_clip, chromium
from tests.streamfx.live.web.fake import FakeServer
from tests.streamfx.live.web.steps import SOON, Shared, start


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Start a browser for a file of tests."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    with chromium(camera_clip(tmp_path_factory.mktemp("camera") / "camera.y4m")) as started:
        yield started


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FakeServer]:
    """Run a played server."""
    with FakeServer(tmp_path).running() as running:
        yield running


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Open a profile of its own."""
    with profile(browser) as made:
        yield made


@contextmanager
def profile(browser: Browser) -> Iterator[BrowserContext]:
    """Open a profile whose pages must not break their own rules."""
    made = browser.new_context(viewport={"width": 1280, "height": 800})
    made.set_default_timeout(SOON)
    faults: list[str] = []
    made.on("weberror", lambda error: faults.append(str(error.error)))
    made.on(
        "console",
        lambda said: faults.append(said.text) if "Content Security" in said.text else None,
    )
    yield made
    made.close()
    assert faults == []


@pytest.fixture
def page(context: BrowserContext, server: FakeServer) -> Page:
    """Open the page."""
    opened = context.new_page()
    opened.goto(server.url)
    return opened


@pytest.fixture
def live(page: Page) -> Page:
    """Open the page and start the camera."""
    start(page)
    return page


@pytest.fixture(scope="module")
def shared(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """Start the camera once for a file of tests."""
    folder = tmp_path_factory.mktemp("server")
    with FakeServer(folder).running() as running, profile(browser) as made:
        opened = made.new_page()
        opened.goto(running.url)
        start(opened)
        yield Shared(opened, running)
