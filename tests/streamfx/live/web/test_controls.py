"""Every parameter gets a control of its kind, which sends values of its type."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import mean_colour
from tests.streamfx.live.web.fake import FakeServer
from tests.streamfx.live.web.steps import Shared, choose, until


@pytest.fixture(scope="module")
def stage(shared: Shared) -> Page:
    choose(shared.page, "plate-background")
    return shared.page


@pytest.fixture
def server(shared: Shared) -> FakeServer:
    shared.server.hub.heard.clear()
    return shared.server


def last(server: FakeServer) -> tuple[object, ...] | None:
    return server.hub.heard[-1] if server.hub.heard else None


def test_a_change_is_seen_in_the_picture(shared: Shared, server: FakeServer) -> None:
    live = shared.page
    choose(live, "soft-focus")
    picture = live.locator("#after")
    until(live, lambda: sum(mean_colour(picture)) > 0, "a picture")
    before = sum(mean_colour(picture))
    live.get_by_role("slider", name="Stops").press("End")
    until(live, lambda: sum(mean_colour(picture)) > before + 100, "a brighter picture")
    assert last(server) == ("set", "glow", "stops", 4)
    live.get_by_role("button", name="Reset glow").click()
    until(live, lambda: sum(mean_colour(picture)) < before + 60, "the picture as it was")
    assert last(server) == ("set", "glow", "stops", 0)


def test_a_number_is_slid_or_typed(stage: Page, server: FakeServer) -> None:
    slider = stage.get_by_role("slider", name="Radius")
    exact = stage.get_by_role("spinbutton", name="Radius, exact")
    expect(slider).to_have_value("8")
    slider.press("ArrowRight")
    expect(exact).to_have_value("9")
    exact.fill("21")
    exact.press("Enter")
    expect(slider).to_have_value("21")
    until(stage, lambda: last(server) == ("set", "stage", "radius", 21))


def test_a_number_without_an_upper_bound_is_typed(stage: Page, server: FakeServer) -> None:
    field = stage.get_by_label("Count")
    field.fill("12")
    field.press("Enter")
    until(stage, lambda: last(server) == ("set", "stage", "count", 12))


def test_yes_or_no_is_a_switch(stage: Page, server: FakeServer) -> None:
    switch = stage.get_by_role("switch", name="On")
    expect(switch).to_be_checked()
    switch.press("Space")
    until(stage, lambda: last(server) == ("set", "stage", "on", False))


@pytest.mark.parametrize(("label", "value"), [("Fit", "stretch"), ("Mode", "hard")])
def test_a_choice_is_a_list(stage: Page, server: FakeServer, label: str, value: str) -> None:
    stage.get_by_label(label, exact=True).select_option(label=value)
    until(stage, lambda: last(server) == ("set", "stage", label.lower(), value))


def test_a_colour_is_picked_or_named(stage: Page, server: FakeServer) -> None:
    swatch = stage.locator("#controls input[type=color]")
    words = stage.get_by_label("Colour, as text")
    expect(swatch).to_have_value("#00ff00")
    words.fill("navy")
    words.press("Enter")
    until(stage, lambda: last(server) == ("set", "stage", "colour", "navy"))
    expect(swatch).to_have_value("#000080")
    swatch.fill("#123456")
    until(stage, lambda: last(server) == ("set", "stage", "colour", "#123456"))
    expect(words).to_have_value("#123456")


def test_what_may_be_empty_is_a_number_field(stage: Page, server: FakeServer) -> None:
    field = stage.get_by_label("Limit")
    field.fill("0.25")
    field.press("Enter")
    until(stage, lambda: last(server) == ("set", "stage", "limit", 0.25))


def test_a_refused_value_is_taken_back_and_explained(stage: Page) -> None:
    field = stage.get_by_label("Name", exact=True)
    field.fill("refused")
    field.press("Enter")
    expect(stage.get_by_role("alert")).to_contain_text("Name must be something else.")
    expect(field).to_have_value("")
    stage.get_by_role("button", name="Dismiss this message").click()
    expect(stage.get_by_role("alert")).to_be_hidden()


def test_another_s_change_moves_the_control(stage: Page, server: FakeServer) -> None:
    server.tell({"type": "set", "node": "stage", "param": "radius", "value": 33})
    expect(stage.get_by_role("slider", name="Radius")).to_have_value("33")


def test_dragging_sends_some_values_and_the_last_one(stage: Page, server: FakeServer) -> None:
    slider = stage.get_by_role("slider", name="Radius")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    stage.mouse.move(box["x"] + 30, y)
    stage.mouse.down()
    stage.mouse.move(box["x"] + box["width"] + 20, y, steps=60)
    stage.mouse.up()
    until(stage, lambda: last(server) == ("set", "stage", "radius", 50))
    assert len(server.hub.heard) < 40


def test_a_preset_without_parameters_has_no_panel(stage: Page) -> None:
    choose(stage, "identity")
    for panel in ("#controls-panel", "#background-panel", "#plate-panel"):
        expect(stage.locator(panel)).to_be_hidden()
