"""The wheel must hold what the checkout holds."""

import ast
import importlib.metadata
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
FACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
SETUPTOOLS = FACTS["tool"]["setuptools"]
COMES_ALONG = {"pydantic-core": "pydantic", "starlette": "fastapi"}
"""Packages that another one brings at the version that it needs."""
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
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    pins = {canonicalize_name(name): version for name, version in pins.items()}
    extras = FACTS["project"]["optional-dependencies"]["test"]
    for text in [*FACTS["project"]["dependencies"], *extras]:
        wanted = Requirement(text)
        assert canonicalize_name(wanted.name) in pins, (
            f"{wanted.name} is not pinned in constraints.txt"
        )
        assert wanted.specifier.contains(pins[canonicalize_name(wanted.name)]), text


def test_every_outside_package_that_is_imported_is_asked_for() -> None:
    project = FACTS["project"]
    extras = [text for name, each in project["optional-dependencies"].items()
              if name != "test" for text in each]  # fmt: skip
    asked = {canonicalize_name(Requirement(t).name) for t in [*project["dependencies"], *extras]}
    providers = importlib.metadata.packages_distributions()
    for path in files("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names = [node.module]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                continue
            for top in {name.partition(".")[0] for name in names} - {"streamfx"}:
                if top in sys.stdlib_module_names:
                    continue
                given: set[str] = {canonicalize_name(name) for name in providers.get(top, [top])}
                given |= {COMES_ALONG[name] for name in given & COMES_ALONG.keys()}
                assert given & asked, f"{path.name} imports {top}, which pyproject.toml lacks"
