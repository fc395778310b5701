"""The wheel must hold what the checkout holds."""

import importlib.metadata
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
SETUPTOOLS = FACTS["tool"]["setuptools"]
TOPS = ("streamfx", "nodes", "presets")


def files(pattern: str) -> list[Path]:
    found = [path for top in TOPS for path in (ROOT / top).rglob(pattern)]
    return [path for path in found if path.is_file() and "__pycache__" not in path.parts]


def package_of(folder: Path) -> str:
    parts = folder.relative_to(ROOT).parts
    return ".".join(parts if parts[0] == "streamfx" else ("streamfx", *parts))


def test_every_package_is_listed() -> None:
    assert SETUPTOOLS["packages"] == sorted(package_of(f.parent) for f in files("__init__.py"))


def test_every_python_file_lies_in_a_listed_package() -> None:
    listed = set(SETUPTOOLS["packages"])
    assert not [str(path) for path in files("*.py") if package_of(path.parent) not in listed]


def test_every_other_file_is_listed_as_data_of_its_package() -> None:
    data: dict[str, list[str]] = SETUPTOOLS["package-data"]
    left_out = [
        str(path.relative_to(ROOT))
        for path in files("*")
        if path.suffix not in (".py", ".pyc")
        and not any(fnmatch(path.name, each) for each in data.get(package_of(path.parent), ()))
    ]
    assert left_out == []


@pytest.mark.parametrize(
    "pattern", sorted({p for d in SETUPTOOLS["package-data"].values() for p in d})
)
def test_every_pattern_of_data_finds_something(pattern: str) -> None:
    assert files(pattern)


def test_nodes_load_under_one_name() -> None:
    assert "nodes" not in sys.modules
    assert "presets" not in sys.modules


def test_nodes_and_presets_are_no_top_level_modules(tmp_path: Path) -> None:
    code = """
import importlib.util, streamfx.nodes, streamfx.presets
print([name for name in ("nodes", "presets") if importlib.util.find_spec(name)])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_the_version_is_said_once_and_the_same() -> None:
    import streamfx

    assert streamfx.__version__ == FACTS["project"]["version"]
    assert importlib.metadata.version("streamfx") == streamfx.__version__


def test_development_runs_on_versions_that_the_package_allows() -> None:
    from packaging.requirements import Requirement

    pins = dict(
        line.split("==")
        for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    )
    extras = FACTS["project"]["optional-dependencies"]["test"]
    for text in [*FACTS["project"]["dependencies"], *extras]:
        wanted = Requirement(text)
        assert wanted.name in pins, f"{wanted.name} is not pinned in constraints.txt"
        assert wanted.specifier.contains(pins[wanted.name]), text
