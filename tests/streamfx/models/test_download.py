from __future__ import annotations

import os
from pathlib import Path

import pytest

from streamfx.errors import ModelError
from streamfx.models import download
from streamfx.models.card import ModelCard
from streamfx.models.pulling import Pulling
from streamfx.models.store import ModelStore
from tests.streamfx.models.conftest import url_card
from tests.weights_server import Site

DATA = os.urandom(300_000)


def pulled(card: ModelCard, news: list[Pulling] | None = None) -> Path:
    store = ModelStore([card], tell=None if news is None else news.append)
    store.pull(card.name)
    return store.path(card.name)


def left(folder: Path) -> list[str]:
    """Return the files below a folder, without its locks."""
    return sorted(p.name for p in folder.rglob("*") if p.is_file() and p.suffix != ".lock")


def test_a_file_comes_whole_and_its_size_and_licence_are_told_before(
    site: Site, folder: Path
) -> None:
    site.files["/net"] = DATA
    news: list[Pulling] = []
    path = pulled(url_card(DATA, f"{site.url}/moved/net"), news)
    assert path == folder / "net" / "net.bin"
    assert path.read_bytes() == DATA
    assert left(folder) == ["net.bin"]
    assert (news[0].done, news[0].whole, news[0].card.licence) == (0, len(DATA), "MIT")
    assert news[-1].done == len(DATA)


def test_a_connection_that_breaks_goes_on_where_it_broke(site: Site, folder: Path) -> None:
    site.files["/net"] = DATA
    site.cut["/net"] = 100_000
    assert pulled(url_card(DATA, f"{site.url}/net")).read_bytes() == DATA
    assert site.asked == [("/net", ""), ("/net", "bytes=100000-")]


def test_a_part_of_an_earlier_run_is_gone_on_with(site: Site, folder: Path) -> None:
    (folder / "net").mkdir(parents=True)
    (folder / "net" / ".net.bin.part").write_bytes(DATA[:5000])
    site.files["/net"] = DATA
    assert pulled(url_card(DATA, f"{site.url}/net")).read_bytes() == DATA
    assert site.asked == [("/net", "bytes=5000-")]


def test_a_server_that_knows_no_ranges_begins_again(site: Site, folder: Path) -> None:
    site.files["/net"], site.deaf = DATA, True
    site.cut["/net"] = 100_000
    assert pulled(url_card(DATA, f"{site.url}/net")).read_bytes() == DATA


def test_a_part_of_another_file_is_thrown_away(site: Site, folder: Path) -> None:
    (folder / "net").mkdir(parents=True)
    part = folder / "net" / ".net.bin.part"
    site.files["/net"] = DATA
    for size in (5000, len(DATA), len(DATA) + 1):
        part.write_bytes(bytes(size))
        assert pulled(url_card(DATA, f"{site.url}/net")).read_bytes() == DATA
        (folder / "net" / "net.bin").unlink()


def test_a_part_that_is_longer_than_a_file_of_unknown_size_begins_again(
    site: Site, folder: Path
) -> None:
    (folder / "net").mkdir(parents=True)
    (folder / "net" / ".net.bin.part").write_bytes(DATA + DATA)
    site.files["/net"] = DATA
    assert pulled(url_card(DATA, f"{site.url}/net", size=0)).read_bytes() == DATA


def test_mirrors_are_asked_in_turn(site: Site, folder: Path) -> None:
    site.files |= {"/wrong": bytes(len(DATA)), "/net": DATA}
    urls = [f"{site.url}/{name}" for name in ("gone", "loop", "wrong", "net")]
    assert pulled(url_card(DATA, *urls)).read_bytes() == DATA
    assert site.asked[-1] == ("/net", "")


@pytest.mark.parametrize(
    ("path", "data", "words"),
    [
        ("gone", b"", "/gone: 404 Not Found"),
        ("loop", b"", "/loop: it redirects for ever"),
        ("net", DATA[:-1], "/net: it is of 299999 bytes, expected 300000"),
        ("net", DATA[:-1] + b"?", "/net: expected SHA-256 "),
    ],
)
def test_what_is_not_the_file_is_refused_and_nothing_stays_under_its_name(
    path: str, data: bytes, words: str, site: Site, folder: Path
) -> None:
    site.files["/net"] = data
    card = url_card(DATA, f"{site.url}/{path}")
    with pytest.raises(ModelError, match="model 'net': net.bin cannot be fetched: ") as caught:
        pulled(card)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert left(folder) == []


def test_a_file_that_is_cut_off_for_good_keeps_its_part_for_the_next_time(
    site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "TRIES", 1)
    site.files["/net"] = DATA
    site.cut["/net"] = 1234
    with pytest.raises(ModelError, match="the connection broke after 1234 of 300000 bytes"):
        pulled(url_card(DATA, f"{site.url}/net"))
    assert left(folder) == [".net.bin.part"]
    assert pulled(url_card(DATA, f"{site.url}/net")).read_bytes() == DATA
    assert left(folder) == ["net.bin"]


def test_a_server_that_does_not_answer_is_given_up(
    site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "TIMEOUT", 0.1)
    site.files["/net"], site.slow = DATA, 1.0
    with pytest.raises(ModelError, match="net.bin cannot be fetched: .*timed out"):
        pulled(url_card(DATA, f"{site.url}/net"))


def test_a_server_that_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(ModelError, match="http://127.0.0.1:9/net: Connection refused"):
        pulled(url_card(DATA, "http://127.0.0.1:9/net"))
