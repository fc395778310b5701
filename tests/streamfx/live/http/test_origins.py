import pytest

from streamfx.live.http.origins import Origins
from streamfx.live.settings import ServeSettings

LOCAL = Origins(ServeSettings())
LISTED = Origins(ServeSettings(origins=("https://studio.example/",)))


@pytest.mark.parametrize(
    ("origin", "host", "taken"),
    [
        (None, "127.0.0.1:8080", True),
        ("http://127.0.0.1:8080", "127.0.0.1:8080", True),
        ("http://LOCALHOST:8080", "localhost:8080", True),
        ("http://127.0.0.1:9090", "127.0.0.1:8080", False),
        ("http://evil.example", "127.0.0.1:8080", False),
        ("null", "127.0.0.1:8080", False),
        ("", "", False),
        ("http://", "", False),
        ("file://", "127.0.0.1:8080", False),
        ("http://[", "127.0.0.1:8080", False),
        ("https://studio.example", "127.0.0.1:8080", False),
    ],
)
def test_a_page_may_call_the_server_that_it_came_from(
    origin: str | None, host: str, taken: bool
) -> None:
    assert LOCAL.takes(origin, host) is taken


def test_a_listed_page_may_call_too() -> None:
    assert LISTED.takes("https://studio.example", "127.0.0.1:8080")
    assert not LISTED.takes("https://studio.example.evil.example", "127.0.0.1:8080")
    assert Origins(ServeSettings(origins=("*",))).takes("null", "x")


@pytest.mark.parametrize(
    ("host", "taken"),
    [
        ("127.0.0.1:8080", True), ("localhost", True), ("[::1]:8080", True),
        ("app.localhost:1", True), ("evil.example:8080", False), ("192.0.2.1", False),
        (None, False), ("[", False), ("studio.example", False),
    ],
)  # fmt: skip
def test_without_a_token_a_local_server_answers_to_local_names_only(
    host: str | None, taken: bool
) -> None:
    assert LOCAL.takes_host(host) is taken


def test_a_listed_origin_is_a_name_of_ours() -> None:
    assert LISTED.takes_host("studio.example:443")


def test_with_a_token_the_name_does_not_matter() -> None:
    assert Origins(ServeSettings(token="12345678")).takes_host("anything.example")
