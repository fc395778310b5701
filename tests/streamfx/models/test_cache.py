from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from streamfx.errors import ModelError
from streamfx.models.cache import Cache
from streamfx.models.store import ModelStore
from tests.streamfx.models.conftest import url_card
from tests.weights_server import Site

ROOT = Path(__file__).parents[3]
DATA = os.urandom(200_000)
PULL = """
import sys
sys.path.insert(0, {root!r})
from streamfx.models.store import ModelStore
from tests.streamfx.models.conftest import url_card
from pathlib import Path
card = url_card(Path({data!r}).read_bytes(), {url!r})
print("ready", flush=True)
sys.stdin.readline()
store = ModelStore([card])
print(len(store.path("net").read_bytes()))
"""


def puller(data: Path, url: str) -> subprocess.Popen[str]:
    """Return a process that pulls the model when it is sent a line."""
    code = PULL.format(root=str(ROOT), data=str(data), url=url)
    made = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert made.stdout is not None
    assert made.stdout.readline() == "ready\n"
    return made


def test_of_two_processes_at_once_one_downloads_and_both_use_it(
    site: Site, folder: Path, tmp_path: Path
) -> None:
    site.files["/net"], site.slow = DATA, 0.5
    (tmp_path / "data").write_bytes(DATA)
    both = [puller(tmp_path / "data", f"{site.url}/net") for _ in range(2)]
    for each in both:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
    assert [each.communicate()[0] for each in both] == [f"{len(DATA)}\n"] * 2
    assert site.asked == [("/net", "")]


def test_a_process_that_is_killed_leaves_no_lock(site: Site, folder: Path, tmp_path: Path) -> None:
    site.files["/net"], site.slow = DATA, 60.0
    (tmp_path / "data").write_bytes(DATA)
    first = puller(tmp_path / "data", f"{site.url}/net")
    assert first.stdin is not None
    first.stdin.write("\n")
    first.stdin.flush()
    until = time.monotonic() + 60
    while not site.asked and time.monotonic() < until:
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    first.communicate()
    site.slow = 0.0
    began = time.monotonic()
    assert ModelStore([url_card(DATA, f"{site.url}/net")]).path("net").read_bytes() == DATA
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "no room for models in .*: make some, or set STREAMFX_MODELS"),
        (errno.EACCES, "cannot write models to .* .Permission denied.: make it writable"),
        (errno.EROFS, "cannot write models to .* .Read-only file system.: make it writable"),
    ],
)
def test_what_the_disk_refuses_is_one_line(number: int, words: str, tmp_path: Path) -> None:
    card = url_card(DATA, "http://nowhere")

    def chunks():
        yield DATA[:1000]
        raise OSError(number, os.strerror(number))

    cache = Cache(tmp_path)
    with pytest.raises(ModelError, match=words):
        cache.place(card, card.files[0], chunks())
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_a_folder_that_cannot_be_made_is_one_line(site: Site, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = ModelStore([url_card(DATA, f"{site.url}/net")], folder=tmp_path / "file" / "models")
    with pytest.raises(ModelError, match="cannot write models to .*Not a directory.*STREAMFX_MODE"):
        store.pull("net")


def test_another_file_never_gets_the_name(tmp_path: Path) -> None:
    card = url_card(DATA, "http://nowhere")
    with pytest.raises(ModelError, match="expected 200000 bytes, got 3"):
        Cache(tmp_path).place(card, card.files[0], [b"abc"])
    with pytest.raises(ModelError, match="expected SHA-256 [0-9a-f]{64}, got [0-9a-f]{64}"):
        Cache(tmp_path).place(card, card.files[0], [bytes(len(DATA))])
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_the_folder_is_the_user_s_cache_unless_the_environment_names_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from platformdirs import user_cache_path

    monkeypatch.delenv("STREAMFX_MODELS", raising=False)
    assert Cache().folder == user_cache_path("streamfx") / "models"
    monkeypatch.setenv("STREAMFX_MODELS", str(tmp_path))
    assert Cache().folder == tmp_path
