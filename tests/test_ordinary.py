"""What is started through the wrapper runs as given, and cannot take real-time priority."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests import ordinary as module
from tests.ordinary import ordinary

TRY = """
import os, sys
try:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
except PermissionError:
    print("refused", *sys.argv[1:], sep="|")
"""

CAPS = "print(*(l for l in open('/proc/self/status') if l.startswith('Cap')), sep='')"


def start(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ordinary(sys.executable), *words], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="priorities are Linux's")
def test_the_program_cannot_take_real_time_priority() -> None:
    assert start("-c", TRY).stdout == "refused\n"


def test_arguments_arrive_as_they_were_given() -> None:
    done = start("-c", "import sys; print(sys.argv[1:])", "a b", "", "'\"$HOME*")
    assert done.stdout == f"{['a b', '', chr(39) + chr(34) + '$HOME*']}\n"


def test_the_exit_status_is_the_program_s() -> None:
    assert start("-c", "raise SystemExit(7)").returncode == 7


def test_the_capability_cannot_come_back() -> None:
    sets = {
        line.split(":")[0]: int(line.split()[1], 16)
        for line in start("-c", CAPS).stdout.splitlines()
        if line
    }
    if module._may_raise_priority():
        assert sets["CapBnd"], "only one capability is taken away"
    assert not any(caps >> 23 & 1 for name, caps in sets.items() if name != "CapBnd")
    assert not (sets["CapBnd"] >> 23 & 1 and sets["CapEff"])


def test_without_the_capability_the_program_itself_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_may_raise_priority", lambda: False)
    assert ordinary.__wrapped__(sys.executable) == sys.executable


def test_nothing_is_started_with_the_capability_and_without_setpriv(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_may_raise_priority", lambda: True)
    monkeypatch.setattr("shutil.which", lambda name: name if name == "sh" else None)
    with pytest.raises(RuntimeError, match="needs setpriv"):
        ordinary.__wrapped__("sh")


def test_an_unknown_program_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match="no program 'no-such-browser'"):
        ordinary("no-such-browser")
