import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"
TWICE = """
import runpy, sys
for path in sys.argv[1:] * 2:
    runpy.run_path(path, run_name="__main__")
"""


def test_each_runs_again_where_it_ran_before(tmp_path):
    paths = sorted(map(str, EXAMPLES.glob("*.py")))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", TWICE, *paths],
        cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_each_has_a_test_of_its_own():
    names = {path.stem for path in EXAMPLES.iterdir() if path.suffix == ".py" or path.is_dir()}
    tested = {path.stem.removeprefix("test_") for path in HERE.glob("test_*.py")}
    assert names - {"__pycache__"} <= tested
