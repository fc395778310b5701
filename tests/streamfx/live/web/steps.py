"""What tests of the page do again and again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.streamfx.live.web.fake import FakeServer

SOON = 15_000
"""Milliseconds that the page gets for what it does on its own."""


@dataclass(frozen=True)
class Shared:
    """A page that is live, for all tests of a file."""

    page: Page
    server: FakeServer


def start(page: Page) -> None:
    """Start the camera and wait for the picture that comes back."""
    page.get_by_role("button", name="Start the camera").click()
    is_live(page)


def is_live(page: Page) -> None:
    """Wait until the processed picture is there."""
    expect(page.locator("#status")).to_have_text("Live", timeout=SOON)


def choose(page: Page, preset: str) -> None:
    """Choose a preset, and wait for the server's word."""
    page.get_by_label("Preset").select_option(preset)
    page.wait_for_timeout(50)


def until(page: Page, holds: Callable[[], bool], what: str = "it") -> None:
    """Wait until something holds that only looking tells."""
    end = time.monotonic() + SOON / 1000
    while not holds():
        assert time.monotonic() < end, f"{what} did not come"
        page.wait_for_timeout(50)
