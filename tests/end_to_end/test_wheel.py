"""The built wheel, installed where no checkout is in reach, is the whole program."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import pytest

from streamfx.media.testcard import Card, draw

ROOT = Path(__file__).parents[2]
TREE = ("LICENSE", "README.md", "pyproject.toml", "nodes", "presets", "streamfx")
pytestmark = pytest.mark.slow


def _run(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    clean = {key: text for key, text in os.environ.items() if not key.startswith("PYTHON")}
    return subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env=clean,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel in it, and a folder to work in."""

    wheel: Path
    programs: Path
    folder: Path

    def run(self, program: str, *words: str | Path) -> str:
        """Run a program of the environment outside the checkout, and return what it printed."""
        done = _run(self.programs / program, *words, cwd=self.folder)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build from a copy, so that nothing is left in the checkout and nothing old gets in."""
    source = tmp_path_factory.mktemp("source")
    for name in TREE:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
            )
        else:
            shutil.copy(ROOT / name, source)
    done = _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", source, cwd=source)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = (source / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Install the wheel; its dependencies come from here, but not what is installed from here."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home)
    names = {"base": str(home), "platbase": str(home), "installed_base": sys.base_prefix}
    site = Path(sysconfig.get_path("purelib", "venv", vars=names))
    lent = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "dependencies.pth").write_text("\n".join(sorted(lent)) + "\n", "utf-8")
    programs = Path(sysconfig.get_path("scripts", "venv", vars=names))
    pip = (sys.executable, "-m", "pip", "--python", programs / "python", "install")
    done = _run(*pip, "--quiet", "--no-deps", "--no-index", wheel, cwd=home)
    assert done.returncode == 0, done.stderr
    return Installed(wheel, programs, tmp_path_factory.mktemp("elsewhere"))


def test_it_holds_every_file_of_the_checkout_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    wanted = set()
    for top in ("streamfx", "nodes", "presets"):
        for path in (ROOT / top).rglob("*"):
            name = path.relative_to(ROOT).as_posix()
            if path.is_file() and "__pycache__" not in path.parts:
                wanted.add(name if top == "streamfx" else f"streamfx/{name}")
    assert held == wanted


def test_it_says_who_made_it_under_which_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        text = archive.read(metadata).decode()
        assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())
    assert "License-Expression: Apache-2.0" in text
    assert "Requires-Python: >=3.11" in text
    assert "# streamfx" in text  # the README is its page


def test_python_loads_it_from_the_environment(installed: Installed) -> None:
    code = "import streamfx, streamfx.nodes as n; print(streamfx.__file__); print(n.__file__)"
    for line in installed.run("python", "-c", code).splitlines():
        assert ROOT not in Path(line).resolve().parents
        assert installed.programs.parent.resolve() in Path(line).resolve().parents


def test_it_lists_the_nodes_and_presets_of_the_checkout(installed: Installed) -> None:
    presets = json.loads(installed.run("streamfx", "presets", "--json"))
    names = {entry["name"] for entry in presets["presets"]}
    assert names == {path.stem for path in (ROOT / "presets").glob("*.toml")}
    nodes = json.loads(installed.run("streamfx", "nodes", "--json"))
    assert nodes["broken"] == {}
    assert {entry["id"] for entry in nodes["nodes"]} == {
        f"{path.parent.name}.{path.stem}"
        for path in (ROOT / "nodes").glob("*/*.py")
        if not path.stem.startswith("_")
    }


def test_it_renders(installed: Installed) -> None:
    draw(installed.folder / "in.mp4", Card(width=320, height=180, seconds=Fraction(1)))
    for preset in ("identity", "film-look"):  # the second reads a table that lies beside it
        installed.run("streamfx", "render", preset, "in.mp4", f"{preset}.mp4", "--quiet")
        with av.open(str(installed.folder / f"{preset}.mp4")) as container:
            assert sum(1 for _ in container.decode(video=0)) == 25
    assert sorted(path.name for path in installed.folder.iterdir()) == [
        "film-look.mp4",
        "identity.mp4",
        "in.mp4",
    ]


def test_it_brings_its_types(installed: Installed) -> None:
    code = (
        "from importlib.resources import files; print((files('streamfx') / 'py.typed').is_file())"
    )
    assert installed.run("python", "-c", code) == "True\n"
