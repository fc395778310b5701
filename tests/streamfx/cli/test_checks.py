from collections.abc import Iterable
from pathlib import Path

import pytest

from streamfx.catalog import Catalog
from streamfx.cli import checks
from streamfx.cli.checks import Finding


def by_name(found: Iterable[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in found}


def test_every_finding_that_is_not_well_has_a_fix() -> None:
    for finding in checks.check_all():
        assert (finding.state == "ok") == (finding.fix == "")


def test_a_check_that_breaks_is_a_finding_and_hides_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> None:
        raise OSError("libcuda is odd")

    monkeypatch.setattr(checks, "versions", broken)
    found = checks.check_all()
    assert found[0].state == "fail"
    assert "libcuda is odd" in found[0].detail
    assert "h264" in by_name(found)


def test_the_codec_that_all_stands_on_is_needed_and_others_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streamfx.media.inventory.try_codec", lambda row: "no")
    found = by_name(checks.codecs())
    assert found["h264"].state == "fail"
    assert {finding.state for name, finding in found.items() if name != "h264"} == {"warn"}


def test_a_missing_package_names_the_command_that_brings_it() -> None:
    finding = checks._package("nothing", "no_such_module_at_all")
    assert finding.state == "fail"
    assert finding.fix == "pip install --force-reinstall nothing"


def test_without_a_compiler_there_is_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    (finding,) = checks.compiler()
    assert finding.state == "warn"
    assert "apt install g++" in finding.fix


def test_a_cache_that_cannot_be_written_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / "file" / name)
    finding = by_name(checks.folders())["cache"]
    assert finding.state == "warn"
    assert "XDG_CACHE_HOME" in finding.fix


def test_looking_at_the_cache_does_not_make_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / "a" / name)
    assert by_name(checks.folders())["cache"].state == "ok"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_for_models_of_one_s_own_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STREAMFX_MODELS", str(tmp_path / "mine"))
    assert by_name(checks.folders())["models"].state == "ok"
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("STREAMFX_MODELS", str(tmp_path / "file" / "mine"))
    finding = by_name(checks.folders())["models"]
    assert finding.state == "warn" and "STREAMFX_MODELS" in finding.fix
    monkeypatch.delenv("STREAMFX_MODELS")
    assert "models" not in by_name(checks.folders())


@pytest.mark.parametrize("pack", ["theirs"])
def test_a_broken_pack_of_somebody_else_is_advice(
    monkeypatch: pytest.MonkeyPatch, pack: str
) -> None:
    made = Catalog.shipped()
    made.broken[pack] = "ImportError: gone"
    monkeypatch.setattr(Catalog, "installed", lambda: made)
    finding = by_name(checks.packs())[pack]
    assert (finding.state, finding.topic) == ("warn", "pack")
