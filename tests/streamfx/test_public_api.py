import ast
import subprocess
import sys
from pathlib import Path

import streamfx

ROOT = Path(__file__).parents[2]


def test_all_is_sorted_and_every_name_loads() -> None:
    assert streamfx.__all__ == sorted(streamfx.__all__)
    assert all(getattr(streamfx, name) is not None for name in streamfx.__all__)
    assert set(streamfx.__all__) <= set(dir(streamfx))


def test_type_checkers_see_what_loads_at_run_time() -> None:
    tree = ast.parse((ROOT / "streamfx" / "__init__.py").read_text("utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    typed = {
        (node.module, alias.name)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    homes = {(f"streamfx.{home}", name) for name, home in streamfx._HOME.items()}
    assert typed == homes
    assert {name for _, name in homes} == set(streamfx.__all__)


def test_importing_the_package_does_not_import_torch() -> None:
    code = "import sys, streamfx; print([m for m in ('torch', 'av', 'cv2') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(streamfx, "Blend")
