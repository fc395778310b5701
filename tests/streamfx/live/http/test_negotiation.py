import pytest

from streamfx.live.http import negotiation
from streamfx.live.settings import IceServer, ServeSettings
from tests.streamfx.live.http.fake import ANSWER, FRAGMENT, OFFER, PATCH, SDP, FakeHub, ask

BOTH = pytest.mark.parametrize("protocol", ["whip", "whep"])


@BOTH
def test_an_offer_opens_a_connection_and_says_where_it_is(hub: FakeHub, protocol: str) -> None:
    servers = (IceServer("stun:a.example"), IceServer("turn:b.example", "me", 'pa"ss'))
    hub.settings = ServeSettings(ice_servers=servers)
    found = ask(hub, "POST", f"/{protocol}/cam", content=OFFER, headers=SDP)
    assert (found.status_code, found.text) == (201, ANSWER)
    assert found.headers["content-type"] == "application/sdp"
    assert found.headers["location"] == f"/{protocol}/cam/resource-1"
    assert found.headers["etag"] == '"tag1"'
    assert found.headers["accept-patch"] == negotiation.FRAGMENT
    assert found.headers.get_list("link") == [
        '<stun:a.example>; rel="ice-server"',
        '<turn:b.example>; rel="ice-server"; username="me"; credential="pa\\"ss"; '
        'credential-type="password"',
    ]


def test_the_preset_is_a_query_and_names_no_file(hub: FakeHub) -> None:
    for preset, status in (("soft-focus", 201), ("../etc/passwd", 400), ("nope", 404)):
        found = ask(hub, "POST", f"/whip/cam?preset={preset}", content=OFFER, headers=SDP)
        assert found.status_code == status
    assert [preset for _, _, preset in hub.seen] == ["soft-focus", "nope"]


@BOTH
@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (OFFER, {"Content-Type": "application/json"}, 415, "type"),
        (OFFER, {}, 415, "type"),
        ("hello", SDP, 400, "sdp"),
        ("", SDP, 400, "sdp"),
        ("v=0\r\nthis is no line\r\nm=video 9 x 96", SDP, 400, "sdp"),
        ("v=0\r\ns=-\r\n", SDP, 400, "sdp"),
        (b"v=0\r\ns=\xff\xfe", SDP, 400, "text"),
        (OFFER + "a=x\r\n" * 20_000, SDP, 413, "size"),
    ],
)
def test_an_offer_that_is_none_is_refused_by_its_kind(
    hub: FakeHub, protocol: str, body: str | bytes, headers: dict[str, str], status: int, code: str
) -> None:
    found = ask(hub, "POST", f"/{protocol}/cam", content=body, headers=headers)
    assert (found.status_code, found.json()["code"]) == (status, code)
    assert "\n" not in found.json()["error"]
    assert hub.seen == []


def test_what_the_hub_refuses_comes_with_its_status(hub: FakeHub) -> None:
    assert ask(hub, "POST", "/whip/taken", content=OFFER, headers=SDP).status_code == 409
    assert ask(hub, "POST", "/whep/nobody", content=OFFER, headers=SDP).status_code == 404
    assert ask(hub, "POST", "/whip/a%20b", content=OFFER, headers=SDP).status_code == 404
    hub.is_full = True
    found = ask(hub, "POST", "/whip/cam", content=OFFER, headers=SDP)
    assert (found.status_code, found.headers["retry-after"]) == (503, "8")
    assert found.json() == {"error": "no room", "code": "full"}


@BOTH
@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, FRAGMENT, 204),
        ({"If-Match": '  "tag1" '}, FRAGMENT, 204),
        ({"If-Match": '"other"'}, FRAGMENT, 412),
        ({"If-Match": "*"}, FRAGMENT, 422),
        ({"If-Match": "tag1"}, FRAGMENT, 400),
        ({"If-Match": '"a", "b"'}, FRAGMENT, 400),
        ({"Content-Type": "application/sdp"}, FRAGMENT, 415),
        ({}, "", 400),
        ({}, "no fragment", 400),
        ({}, "a=candidate:1\r\n" * 2000, 413),
    ],
)
def test_candidates_come_by_patch_under_the_entity_tag(
    hub: FakeHub, protocol: str, headers: dict[str, str], body: str, status: int
) -> None:
    place = f"/{protocol}/cam/resource-1"
    found = ask(hub, "PATCH", place, content=body, headers={**PATCH, **headers})
    assert found.status_code == status, found.text
    if status == 204:
        assert hub.seen == [("resource-1", FRAGMENT, "tag1")]


@BOTH
def test_a_patch_without_a_tag_is_told_that_it_needs_one(hub: FakeHub, protocol: str) -> None:
    headers = {"Content-Type": negotiation.FRAGMENT}
    found = ask(hub, "PATCH", f"/{protocol}/cam/resource-1", content=FRAGMENT, headers=headers)
    assert found.status_code == 428


@BOTH
def test_delete_ends_a_connection_whatever_its_tag(hub: FakeHub, protocol: str) -> None:
    headers = {"If-Match": '"outdated"'}
    assert ask(hub, "DELETE", f"/{protocol}/cam/resource-1", headers=headers).status_code == 200
    assert ask(hub, "DELETE", f"/{protocol}/cam/resource-2").status_code == 404
    assert hub.seen == [("end", "resource-1")]


@BOTH
def test_reserved_methods_are_refused_with_what_is_allowed(hub: FakeHub, protocol: str) -> None:
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE"):
        found = ask(hub, method, f"/{protocol}/cam")
        assert (found.status_code, found.headers["allow"]) == (405, "OPTIONS, POST")
    for method in ("GET", "HEAD", "PUT", "POST"):
        found = ask(hub, method, f"/{protocol}/cam/resource-1")
        assert (found.status_code, found.headers["allow"]) == (405, "DELETE, OPTIONS, PATCH")


@BOTH
def test_options_say_what_is_taken(hub: FakeHub, protocol: str) -> None:
    found = ask(hub, "OPTIONS", f"/{protocol}/cam", headers={"Origin": "http://127.0.0.1:8080"})
    assert found.status_code == 200
    assert found.headers["accept-post"] == "application/sdp"
    assert found.headers["access-control-allow-origin"] == "http://127.0.0.1:8080"
    assert "Authorization" in found.headers["access-control-allow-headers"]
    assert "PATCH" in ask(hub, "OPTIONS", f"/{protocol}/cam/resource-1").headers["allow"]
