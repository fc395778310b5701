import asyncio

import pytest

from streamfx.live.http import page
from tests.streamfx.live.http.fake import FakeHub, ask, client


def test_the_page_is_at_the_root_and_is_asked_for_again(hub: FakeHub) -> None:
    found = ask(hub, "GET", "/")
    assert found.status_code == 200
    assert found.headers["content-type"] == "text/html; charset=utf-8"
    assert found.headers["cache-control"] == "no-cache"
    again = ask(hub, "GET", "/", headers={"If-None-Match": found.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_every_file_of_the_page_is_served_as_what_it_is(hub: FakeHub) -> None:
    files = [one for one in page.WEB.rglob("*") if one.suffix in page.TYPES]
    assert files

    async def get_all() -> None:
        async with client(hub) as asking:
            for file in files:
                found = await asking.get(f"/web/{file.relative_to(page.WEB)}")
                assert found.status_code == 200
                assert found.headers["content-type"].startswith(page.TYPES[file.suffix])
                assert found.content == file.read_bytes()

    asyncio.run(get_all())


@pytest.mark.parametrize(
    "path",
    [
        "/web/__init__.py", "/web/", "/web/.", "/web/../settings.py", "/web/%2e%2e/settings.py",
        "/web/..%2fsettings.py", "/web//etc/passwd", "/web/%2fetc%2fpasswd", "/web/nope.js",
        "/web/index.html%00.js", "/web/..\\..\\x.js", "/web/" + "a" * 5000 + ".js",
    ],
)  # fmt: skip
def test_nothing_else_is_served(hub: FakeHub, path: str) -> None:
    assert ask(hub, "GET", path).status_code == 404
