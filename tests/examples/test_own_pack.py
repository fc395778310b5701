import json
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from streamfx.media.testcard import Card, draw

PACK = Path(__file__).parents[2] / "examples" / "own_pack"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Install the pack beside the interpreter's packages, and return where."""
    folder = tmp_path_factory.mktemp("own_pack")
    shutil.copytree(PACK, folder / "source")  # building writes into the source
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    words = [*pip, "--no-build-isolation", "--target", str(folder / "site"), str(folder / "source")]
    subprocess.run(words, check=True, capture_output=True, text=True)
    return folder / "site"


def run(site, *words, cwd):
    code = f"import site; site.addsitedir({str(site)!r}); from streamfx.cli import main"
    return subprocess.run(
        [sys.executable, "-c", f"import sys; {code}; sys.exit(main())", *map(str, words)],
        cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_an_installed_pack_is_found_by_its_entry_point(installed, tmp_path):
    facts = json.loads(run(installed, "nodes", "--json", cwd=tmp_path).stdout)
    assert facts["broken"] == {}
    grain = next(node for node in facts["nodes"] if node["id"] == "film.grain")
    assert grain["summary"].startswith("Add grain")


def test_its_node_renders_the_same_grain_twice(installed, pictures, tmp_path):
    draw(tmp_path / "clip.mp4", Card(width=320, height=180, seconds=Fraction(1)))
    (tmp_path / "old.toml").write_text('title = "Old"\n[[node]]\nuse = "film.grain"\n', "utf-8")
    for name in ("one.mkv", "two.mkv"):
        words = ("render", "old.toml", "clip.mp4", name, "--codec", "ffv1", "--quiet")
        done = run(installed, *words, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
    one, two = pictures(tmp_path / "one.mkv"), pictures(tmp_path / "two.mkv")
    assert (one == two).all()
    noise = one - pictures(tmp_path / "clip.mp4")
    assert 5 < noise.std() < 20


def test_what_is_not_installed_is_not_there(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "streamfx", "nodes", "film.grain"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "no node 'film.grain'" in done.stderr
