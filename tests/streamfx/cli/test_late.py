import builtins
import importlib
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


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    folder = tmp_path / "slow_package"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "import time\ntime.sleep(0.2)\nfrom slow_package import part\nwhole = True\n"
    )
    (folder / "part.py").write_text("import slow_package\nslow_package.time\nvalue = 7\n")
    (tmp_path / "uses_slow_package.py").write_text("from slow_package.part import value\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("slow_package", "slow_package.part", "uses_slow_package"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return "slow_package"


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


def test_what_another_thread_has_loaded_so_far_is_not_seen_yet(slow: str) -> None:
    load_late(slow)
    module = __import__(slow)
    began = threading.Event()
    whole: list[bool] = []

    def load() -> None:
        began.set()
        assert module.value == 42

    def look() -> None:
        began.wait()
        assert module.begun
        whole.append("value" in vars(module))

    threads = [threading.Thread(target=work) for work in (load, look)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert whole == [True]


def test_importing_a_part_first_loads_the_whole(package: str) -> None:
    load_late(package)
    part = importlib.import_module("uses_slow_package")
    assert part.value == 7
    assert vars(sys.modules[package])["whole"]
    assert builtins.__import__.__module__ != "streamfx.cli.late"


def test_a_part_imported_by_one_thread_does_not_block_another_that_loads(package: str) -> None:
    load_late(package)
    module = __import__(package)
    got: list[int] = []
    ready = threading.Barrier(2)

    def read() -> None:
        ready.wait()
        got.append(module.part.value)

    def take() -> None:
        ready.wait()
        got.append(importlib.import_module("uses_slow_package").value)

    threads = [threading.Thread(target=work, daemon=True) for work in (read, take)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert got == [7, 7]


def test_a_module_that_fails_to_load_says_so_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_module.py").write_text("raise OSError('no')\n")
    monkeypatch.syspath_prepend(tmp_path)
    load_late("broken_module")
    module = sys.modules["broken_module"]
    monkeypatch.delitem(sys.modules, "broken_module")
    for _ in range(2):
        with pytest.raises(OSError, match="no"):
            _ = module.value


TORCH = """
import threading
from streamfx.cli.late import load_late
load_late("torch")
ready = threading.Barrier(6)
done = []
def work(number):
    ready.wait()
    if number % 3 == 0:
        from torch.nn import functional
        functional.relu
    elif number % 3 == 1:
        import torch
        with torch.inference_mode():
            torch.nn.functional.relu(torch.zeros(2))
    else:
        import torch.nn.functional as F
        F.relu
    done.append(number)
threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(done))
"""


def test_torch_may_first_be_used_by_several_threads_at_once() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TORCH], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "[0, 1, 2, 3, 4, 5]"


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
