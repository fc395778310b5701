"""Imports may only point down. The floors are listed here, lowest first."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = [
    {"streamfx.errors"},
    {
        "streamfx.timing",
        "streamfx.colour",
        "streamfx.alpha",
        "streamfx.pyramid",
        "streamfx.likeness",
        "streamfx.resample",
        "streamfx.swatch",
    },
    {"streamfx.frame"},
    {"streamfx.params", "streamfx.models"},
    {"streamfx.node"},
    {"streamfx"},  # the names that node authors import
    {"streamfx.nodes"},
    {"streamfx.catalog", "streamfx.graph", "streamfx.presets"},
    {
        "streamfx.engine.meter",
        "streamfx.engine.align",
        "streamfx.engine.ladder",
        "streamfx.engine.slot",
    },
    {"streamfx.engine.flow", "streamfx.media"},
    {"streamfx.engine"},
    {"streamfx.testing"},
    {"streamfx.train"},
    {"streamfx.scripting"},
    {"streamfx.live.refusal", "streamfx.live.settings"},
    {"streamfx.live.media", "streamfx.live.transport"},
    {"streamfx.live.sessions", "streamfx.live.remote"},
    {"streamfx.live.http", "streamfx.live.web"},
    {"streamfx.live"},
    {"streamfx.cli", "streamfx.__main__"},
]
ONLY_HERE = {
    "av": ("streamfx.media", "streamfx.live"),
    **dict.fromkeys(("aioice", "aiortc", "fastapi", "prometheus_client"), ("streamfx.live",)),
    **dict.fromkeys(("pyvirtualcam", "uvicorn", "websockets"), ("streamfx.live",)),
    "ray": ("streamfx.scale",),
    **dict.fromkeys(("filelock", "tflite"), ("streamfx.models",)),
    "safetensors": ("streamfx.models", "streamfx.train"),
}
FILES = sorted([*ROOT.glob("streamfx/**/*.py"), *ROOT.glob("nodes/**/*.py")])


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    name = ".".join(parts if parts[0] == "streamfx" else ("streamfx", *parts))
    return name.removesuffix(".__init__")


def floor_of(module: str) -> int:
    """Return the floor of the longest name that covers a module."""
    named = {name: level for level, names in enumerate(FLOORS) for name in names}
    parts = module.split(".")
    for end in range(len(parts), 0, -1):
        name = ".".join(parts[:end])
        if name in named and (name != "streamfx" or module == "streamfx"):
            return named[name]
    raise LookupError(f"{module} is on no floor: add it to tests/test_floors.py")


def run_time_nodes(tree: ast.AST) -> list[ast.AST]:
    """Return everything in a module but what stands under ``if TYPE_CHECKING``."""
    found: list[ast.AST] = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        found += [node, *run_time_nodes(node)]
    return found


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in run_time_nodes(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            known = {name for name in inner if any(name in floor for floor in FLOORS)}
            modules = {n for n in inner if (ROOT / (n.replace(".", "/") + ".py")).is_file()}
            found |= known | modules or {node.module}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_imports_point_down(path: Path) -> None:
    module = module_of(path)
    for target in imports_of(path):
        if target.split(".")[0] != "streamfx":
            continue
        same = module.rpartition(".")[0] == target.rpartition(".")[0] != "streamfx"
        inside = same or target == module.rpartition(".")[0] != "streamfx"
        assert inside or floor_of(target) <= floor_of(module), f"{module} reaches up to {target}"


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_each_outside_package_has_one_home(path: Path) -> None:
    module = module_of(path)
    for target in imports_of(path):
        homes = ONLY_HERE.get(target.split(".")[0])
        assert homes is None or module.startswith(homes), f"{target} belongs in {homes}"


@pytest.mark.parametrize("path", sorted(ROOT.glob("nodes/*/*.py")), ids=module_of)
def test_packs_do_not_know_each_other(path: Path) -> None:
    pack = ".".join(module_of(path).split(".")[:3])
    nodes = {name for name in imports_of(path) if name.startswith("streamfx.nodes.")}
    assert all(name.startswith(pack) for name in nodes)


def test_no_file_has_a_name_that_says_nothing() -> None:
    empty = {"utils", "helpers", "common", "misc", "base", "manager"}
    assert not [path for path in FILES if path.stem.strip("_") in empty]
