import subprocess
import sys
import threading
from pathlib import Path

import pytest

from streamfx.cli.late import load_late
from tests import clips

SLOW = "import time\nbegun = True\ntime.sleep(0.2)\nvalue = 42\n"


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "slow_module.py").write_text(SLOW)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "slow_module", raising=False)
    return "slow_module"


def test_importing_runs_nothing_and_reading_runs_all(slow: str) -> None:
    load_late(slow)
    module = __import__(slow)
    assert "begun" not in vars(module)
    assert module.value == 42
    assert not hasattr(module, "nothing")


def test_another_thread_waits_until_all_of_it_is_there(slow: str) -> None:
    load_late(slow)
    module = __import__(slow)
    got: list[int] = []
    threads = [threading.Thread(target=lambda: got.append(module.value)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [42] * 4


def test_what_is_loaded_or_not_there_stays_as_it_is() -> None:
    load_late("sys")
    load_late("no_such_module_anywhere")
    assert sys.modules["sys"] is sys
    assert "no_such_module_anywhere" not in sys.modules


@pytest.mark.parametrize(("preset", "loaded"), [("identity", False), ("brighten", True)])
def test_a_render_that_only_recodes_does_not_load_torch(
    preset: str, loaded: bool, tmp_path: Path
) -> None:
    clip = clips.cached("late.mp4", frames=10, audio=("aac",))
    code = (
        "import sys; from streamfx.cli import app; "
        f"sys.argv = ['streamfx', 'render', {preset!r}, {str(clip)!r}, 'out.mp4', '--quiet']; "
        "assert app.run() == 0; print('torch._C' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(loaded)
