import logging

import pytest

from streamfx.live.settings import ServeSettings
from tests.streamfx.live.http.fake import OFFER, SDP, FakeHub, ask


def test_every_answer_carries_the_policy_of_the_page(hub: FakeHub) -> None:
    for path in ("/", "/healthz", "/nope", "/whip/cam"):
        found = ask(hub, "GET", path)
        policy = found.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert found.headers["x-content-type-options"] == "nosniff"
        assert found.headers["referrer-policy"] == "no-referrer"
        assert "camera=(self)" in found.headers["permissions-policy"]


def test_pages_of_strangers_change_nothing_and_read_nothing(hub: FakeHub) -> None:
    headers = {**SDP, "Origin": "http://evil.example"}
    found = ask(hub, "POST", "/whip/cam", content=OFFER, headers=headers)
    assert (found.status_code, found.json()["code"]) == (403, "origin")
    assert hub.seen == []
    found = ask(hub, "GET", "/api/presets", headers={"Origin": "http://evil.example"})
    assert "access-control-allow-origin" not in found.headers
    assert found.headers["cross-origin-resource-policy"] == "same-origin"


def test_listed_pages_may_read_the_headers_of_whip(hub: FakeHub) -> None:
    settings = ServeSettings(origins=("https://studio.example",))
    headers = {**SDP, "Origin": "https://studio.example"}
    found = ask(hub, "POST", "/whip/cam", settings, content=OFFER, headers=headers)
    assert found.status_code == 201
    assert found.headers["access-control-allow-origin"] == "https://studio.example"
    assert "Origin" in found.headers["vary"]
    for name in ("Location", "ETag", "Link"):
        assert name in found.headers["access-control-expose-headers"]


def test_a_name_that_was_made_to_point_here_is_refused(hub: FakeHub) -> None:
    headers = {"Host": "evil.example:8080", "Origin": "http://evil.example:8080"}
    found = ask(hub, "GET", "/api/presets", headers=headers)
    assert (found.status_code, found.json()["code"]) == (403, "host")


def test_what_breaks_is_one_line_for_the_client_and_a_traceback_in_the_log(
    hub: FakeHub, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        found = ask(hub, "POST", "/whip/boom", content=OFFER, headers=SDP)
    assert (found.status_code, found.json()["code"]) == (500, "fault")
    assert "secret detail" not in found.text
    assert found.headers["x-content-type-options"] == "nosniff"
    assert "secret detail" in caplog.text


def test_the_log_names_routes_and_not_what_their_names_were(
    hub: FakeHub, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        ask(hub, "POST", "/sessions/very-secret-session/backgrounds", content=b"x")
    ours = [one for one in caplog.records if one.name.startswith("streamfx")]
    assert "very-secret-session" not in repr([vars(one) for one in ours])
    (record,) = [one for one in ours if one.message == "request"]
    assert vars(record)["route"] == "/sessions/{session}/backgrounds"
    assert vars(record)["status"] == 404


def test_slashes_at_the_end_lead_nowhere(hub: FakeHub) -> None:
    assert ask(hub, "GET", "/healthz/").status_code == 404
