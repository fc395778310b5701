import shlex
import subprocess
import sys

import pytest

import streamfx
from streamfx.cli import app as program
from tests.shell import PROGRAM, Run
from tests.shell import streamfx as shell

COMMANDS = ("render", "serve", "explain", "nodes", "presets", "doctor", "bench", "demo")
HEAVY = ("torch", "av", "cv2", "numpy", "aiortc", "fastapi")


@pytest.mark.parametrize("words", [[], *([command] for command in COMMANDS)])
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    code = (
        "import sys; from streamfx.cli import main; "
        f"code = main({[*words, '--help']!r}); "
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr); "
        "sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (0, "[]")
    assert "Usage: streamfx" in done.stdout


def test_the_version_is_the_packages(run: Run) -> None:
    ran = run("--version")
    assert (ran.code, ran.out, ran.err) == (0, f"streamfx {streamfx.__version__}\n", "")


def test_without_a_word_it_says_how_to_use_it(run: Run) -> None:
    ran = run()
    assert ran.code == 0
    for command in COMMANDS:
        assert command in ran.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["rendr"], "no such command 'rendr'. Did you mean 'render'? (try 'streamfx --help')"),
        (["render"], "missing argument 'PRESET' (try 'streamfx render --help')"),
        (
            ["render", "--ftps=3", "identity", "a", "b"],
            "no such option: --ftps; did you mean --fps? (try 'streamfx render --help')",
        ),
    ],
)
def test_a_word_that_cannot_be_read_is_one_line_and_exit_2(
    run: Run, words: list[str], message: str
) -> None:
    assert run(*words).refused(2) == message


@pytest.mark.parametrize(
    ("words", "option", "allowed"),
    [
        (["render", "identity", "a", "b", "--encoder", "gpu"], "--encoder", "nvenc"),
        (["render", "identity", "a", "b", "--quality", "good"], "--quality", "number"),
        (["bench", "--frames", "0"], "--frames", "1"),
    ],
)
def test_a_value_that_an_option_does_not_take_is_refused_by_name(
    run: Run, words: list[str], option: str, allowed: str
) -> None:
    line = run(*words).refused(2)
    assert line.startswith(f"invalid value for '{option}': ")
    assert allowed in line
    assert line.endswith(f"(try 'streamfx {words[0]} --help')")


def test_usage_errors_are_events_too_when_a_program_reads_along(run: Run) -> None:
    ran = run("render", "identity", "--json")
    assert ran.code == 2
    (event,) = ran.events
    assert (event["event"], event["exit_code"]) == ("error", 2)
    assert ran.err.count("\n") == 1


def test_an_unexpected_failure_is_one_line_that_points_to_debug(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamfx.cli.graph.open_catalog", lambda files: 1 / 0)
    line = run("nodes").refused(1)
    assert line == (
        "internal error: ZeroDivisionError: division by zero "
        "(run again with --debug for the traceback)"
    )


@pytest.mark.parametrize(
    "words", [("--debug", "nodes", "no.such"), ("nodes", "no.such", "--debug")]
)
def test_debug_shows_the_traceback_wherever_it_stands(run: Run, words: list[str]) -> None:
    ran = run(*words)
    assert ran.code == 2
    assert "Traceback (most recent call last)" in ran.err
    assert ran.err.splitlines()[-1].startswith("streamfx: no node 'no.such'")


def test_behind_two_dashes_debug_is_a_name_like_any_other(run: Run) -> None:
    line = run("nodes", "--", "--debug").refused(2)
    assert line.startswith("no node '--debug'")


def test_ctrl_c_before_anything_was_begun_is_exit_130(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(files: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("streamfx.cli.graph.open_catalog", interrupt)
    assert run("nodes").refused(130) == "stopped; nothing was written"


def test_who_stops_reading_hears_no_complaint() -> None:
    code = f"exec {shlex.join(PROGRAM)} nodes | true"
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_package_runs_as_a_module_by_both_names() -> None:
    assert shell("--version").out == f"streamfx {streamfx.__version__}\n"
    done = subprocess.run(
        [sys.executable, "-m", "streamfx.cli", "--version"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == f"streamfx {streamfx.__version__}\n"


def test_typers_class_for_usage_errors_is_the_root_of_them() -> None:
    assert program.USAGE_ERROR.__name__ == "UsageError"
