from tests.streamfx.live.http.fake import PRESETS, FakeHub, ask


def test_it_is_ready_after_the_warm_up_and_until_it_drains(hub: FakeHub) -> None:
    hub.ready = False
    assert ask(hub, "GET", "/healthz").status_code == 200
    found = ask(hub, "GET", "/readyz")
    assert (found.status_code, found.json()["code"]) == (503, "starting")
    hub.ready = True
    assert ask(hub, "GET", "/readyz").json() == {"status": "ready"}
    assert ask(hub, "HEAD", "/readyz").status_code == 200
    hub.draining = True
    assert ask(hub, "GET", "/readyz").json()["code"] == "draining"
    assert ask(hub, "GET", "/healthz").status_code == 200


def test_presets_are_listed_as_the_hub_orders_them(hub: FakeHub) -> None:
    assert ask(hub, "GET", "/api/presets").json() == {"presets": PRESETS}


def test_the_shapes_of_messages_can_be_read(hub: FakeHub) -> None:
    assert set(ask(hub, "GET", "/api/messages").json()) == {"client", "server"}


def test_the_documentation_loads_nothing_from_elsewhere(hub: FakeHub) -> None:
    assert ask(hub, "GET", "/docs").status_code == 404
    assert ask(hub, "GET", "/api/openapi.json").json()["info"]["title"] == "streamfx"
