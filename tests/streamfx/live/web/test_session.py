"""What is lost comes back: the page after a reload, the channel, the picture; and who may join."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.streamfx.live.web.fake import FakeServer
from tests.streamfx.live.web.steps import choose, is_live, start, until

TOKEN = "open sesame"


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[FakeServer]:
    with FakeServer(tmp_path, token=TOKEN).running() as running:
        yield running


def test_a_reload_comes_back_to_the_same_graph(live: Page, server: FakeServer) -> None:
    choose(live, "plate-background")
    live.get_by_role("slider", name="Radius").press("End")
    until(live, lambda: ("stage", "radius") in server.desk.values)
    live.reload()
    is_live(live)
    assert server.hub.joins[1] == ("session-0001", "plate-background")
    expect(live.get_by_label("Preset")).to_have_value("plate-background")
    expect(live.get_by_role("slider", name="Radius")).to_have_value("50")
    assert len(server.hub.desks) == 1


def test_a_lost_channel_comes_back_and_the_picture_goes_on(live: Page, server: FakeServer) -> None:
    server.hang_up()
    expect(live.locator("#status")).to_contain_text("Connection lost. Again in")
    is_live(live)
    assert server.hub.joins[1][0] == "session-0001"
    assert server.desk.offers == 1, "the picture was never lost"


def test_a_lost_picture_is_offered_again(live: Page, server: FakeServer) -> None:
    server.do(server.desk.close())
    until(live, lambda: server.desk.offers == 2, "a second offer")
    is_live(live)
    assert len(server.hub.joins) == 1


def test_a_session_that_is_gone_begins_anew_with_what_was_set(
    live: Page, server: FakeServer
) -> None:
    choose(live, "plate-background")
    live.get_by_role("slider", name="Radius").press("End")
    live.get_by_role("radio", name="Colour").check()
    until(live, lambda: server.desk.behind[0] == "colour")
    server.hub.forgetful = True
    server.hang_up()
    until(live, lambda: len(server.hub.desks) == 2, "another session")
    until(live, lambda: server.desk.values == {("stage", "radius"): 50}, "the radius")
    until(live, lambda: server.desk.behind == ("colour", "#2f6f5e"), "the colour")
    is_live(live)


def test_a_session_opened_elsewhere_is_left_to_the_other_page(
    live: Page, server: FakeServer
) -> None:
    server.tell({"type": "bye", "why": "this session was opened elsewhere"})
    expect(live.locator("#cover-text")).to_have_text("This session was opened elsewhere.")
    live.wait_for_timeout(1500)
    assert len(server.hub.joins) == 1


def test_a_full_server_is_explained_and_tried_again(page: Page, server: FakeServer) -> None:
    server.hub.full = True
    page.get_by_role("button", name="Start the camera").click()
    expect(page.locator("#status")).to_contain_text("8 sessions run, which is the most. Again in")
    server.hub.full = False
    page.evaluate("dispatchEvent(new Event('online'))")
    is_live(page)


def test_the_token_is_asked_for_until_it_is_right(
    context: BrowserContext, guarded: FakeServer
) -> None:
    page = context.new_page()
    page.goto(guarded.url)
    dialog = page.get_by_role("dialog", name="Access token")
    expect(dialog).to_contain_text("This server asks for a token.")
    page.get_by_label("Token", exact=True).fill("guess")
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("The token is not the right one.")
    page.get_by_label("Token", exact=True).fill(TOKEN)
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.get_by_label("Preset").locator("option")).to_have_count(3)
    start(page)


def test_a_token_in_the_address_is_used_and_taken_out(
    context: BrowserContext, guarded: FakeServer
) -> None:
    page = context.new_page()
    page.goto(f"{guarded.url}#token={TOKEN.replace(' ', '%20')}")
    start(page)
    assert page.url == guarded.url


def test_without_the_token_the_page_says_so(context: BrowserContext, guarded: FakeServer) -> None:
    page = context.new_page()
    page.goto(guarded.url)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("This server asks for its token.")


def test_a_server_that_is_not_there_is_said_to_be(page: Page, server: FakeServer) -> None:
    page.route("**/api/presets", lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached.")
