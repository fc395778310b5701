import asyncio

import pytest

from streamfx.live.http.attempts import ALLOWED
from streamfx.live.settings import ServeSettings
from tests.streamfx.live.http.fake import OFFER, PATCH, SDP, FakeHub, ask, client

LOCKED = ServeSettings(token="correct-horse")
RIGHT = {"Authorization": "Bearer correct-horse"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/whip/cam"), ("PATCH", "/whip/cam/resource-1"),
        ("DELETE", "/whip/cam/resource-1"), ("POST", "/whep/cam"),
        ("PATCH", "/whep/cam/resource-1"), ("DELETE", "/whep/cam/resource-1"),
        ("GET", "/api/presets"), ("GET", "/metrics"),
    ],
)  # fmt: skip
def test_what_matters_asks_for_the_token_before_anything_else(
    hub: FakeHub, method: str, path: str
) -> None:
    for headers in ({}, {"Authorization": "Basic abc"}, {"Authorization": "Bearer wrong"}):
        found = ask(hub, method, path, LOCKED, headers=headers)
        assert (found.status_code, found.json()["code"]) == (401, "token")
        assert found.headers["www-authenticate"].startswith("Bearer")
    headers = {**(PATCH if method == "PATCH" else SDP), **RIGHT}
    found = ask(
        hub, method, path, LOCKED, headers=headers, content=OFFER if method != "GET" else None
    )
    assert found.status_code < 300, found.text


def test_the_page_and_health_need_no_token(hub: FakeHub) -> None:
    for path in ("/healthz", "/readyz"):
        assert ask(hub, "GET", path, LOCKED).status_code == 200


def test_who_guesses_is_slowed_down_and_then_even_the_right_token_waits(hub: FakeHub) -> None:
    async def guess() -> None:
        async with client(hub, LOCKED) as asking:
            for number in range(ALLOWED):
                headers = {"Authorization": f"Bearer guess-{number}"}
                assert (await asking.get("/api/presets", headers=headers)).status_code == 401
            found = await asking.get("/api/presets", headers=RIGHT)
            assert (found.status_code, found.json()["code"]) == (429, "slow")
            assert int(found.headers["retry-after"]) >= 1

    asyncio.run(guess())


def test_a_token_that_is_missing_is_no_guess(hub: FakeHub) -> None:
    async def ask_often() -> None:
        async with client(hub, LOCKED) as asking:
            for _ in range(ALLOWED * 2):
                assert (await asking.get("/api/presets")).status_code == 401

    asyncio.run(ask_often())


def test_guessing_sessions_is_slowed_down_too(hub: FakeHub) -> None:
    async def guess() -> None:
        async with client(hub) as asking:
            found = [
                (await asking.get(f"/sessions/session-guess-{number}/recordings/a.mkv")).status_code
                for number in range(ALLOWED + 1)
            ]
            assert found == [404] * ALLOWED + [429]

    asyncio.run(guess())
