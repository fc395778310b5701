import subprocess
import sys
from pathlib import Path

from tests.shell import streamfx

EXAMPLE = Path(__file__).parents[2] / "examples" / "write_a_node.py"


def test_the_test_in_the_example_passes(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null",
         str(EXAMPLE)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_the_command_line_knows_the_node():
    page = streamfx("nodes", "write_a_node.trail", "--nodes", EXAMPLE)
    assert page.code == 0
    assert "Let whatever is bright leave a trail of light." in page.out


def test_it_is_as_short_as_the_readme_says():
    code = [line for line in EXAMPLE.read_text("utf-8").splitlines() if line.strip()]
    assert len(code) <= 22
