import pytest

from streamfx.cli.app import run


def said(capfd):
    return capfd.readouterr().err.strip().splitlines()


def test_a_recipe_that_is_not_there_is_refused_with_those_that_are(capfd, tmp_path):
    assert run(["train", "colouring", "--footage", str(tmp_path)]) == 2
    (line,) = said(capfd)
    assert "'colouring'" in line and "matting, plate" in line


@pytest.mark.parametrize("recipe", ["matting", "plate"])
def test_footage_that_is_not_there_is_refused_before_anything_is_made(capfd, tmp_path, recipe):
    out = tmp_path / "out"
    assert run(["train", recipe, "--footage", str(tmp_path / "no"), "--out", str(out)]) == 2
    (line,) = said(capfd)
    assert "no footage at" in line
    assert not out.exists()


@pytest.mark.parametrize("share", ["0", "1.5", "-1"])
def test_a_share_out_of_bounds_is_refused(capfd, tmp_path, share):
    assert run(["train", "plate", "--footage", str(tmp_path), "--share", share]) == 2
    (line,) = said(capfd)
    assert "above 0 and at most 1" in line


def test_footage_is_asked_for(capfd):
    assert run(["train", "matting"]) == 2
    assert "--footage" in said(capfd)[-1]
