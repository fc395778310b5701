import io
import json
import threading
from fractions import Fraction

import pytest

from streamfx.cli import progress
from streamfx.cli.terminal import Terminal
from streamfx.engine.report import Progress


def at(second: float, whole: int | None = 10) -> Progress:
    return Progress(
        frames_in=int(second * 25),
        frames_out=int(second * 25) - 2,
        instant=Fraction(second),
        whole=None if whole is None else Fraction(whole),
        elapsed=second / 2,
    )


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def put_screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """Make stderr a terminal (in the test itself: pytest sets stderr anew after its fixtures)."""
    made = Screen()
    monkeypatch.setattr("sys.stderr", made)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    return made


def test_a_terminal_sees_frames_speed_and_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = put_screen(monkeypatch)
    with progress.watch(Terminal(), "in.mp4", threading.Event()) as tell:
        tell(at(5))
    text = screen.getvalue()
    for word in ("in.mp4", "50%", "123 frames", "50.0 fps", "0:02 left"):
        assert word in text


def test_a_terminal_sees_that_the_run_is_stopping(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = put_screen(monkeypatch)
    stop = threading.Event()
    stop.set()
    with progress.watch(Terminal(), "in.mp4", stop) as tell:
        tell(at(5))
    assert "stopping" in screen.getvalue()


def test_a_stream_of_unknown_length_has_no_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = put_screen(monkeypatch)
    with progress.watch(Terminal(), "-", threading.Event()) as tell:
        tell(at(5, whole=None))
    assert "-:-- left" in screen.getvalue()
    assert "%" not in screen.getvalue().replace("\x1b", "")


def test_a_pipe_and_a_quiet_terminal_see_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = put_screen(monkeypatch)
    quiet = Terminal()
    quiet.quiet = True
    with progress.watch(quiet, "in.mp4", threading.Event()) as tell:
        tell(at(5))
    assert screen.getvalue() == ""
    monkeypatch.setattr("sys.stderr", io.StringIO())
    with progress.watch(Terminal(), "in.mp4", threading.Event()) as tell:
        tell(at(5))
    assert capsys.readouterr().out == ""


def test_a_program_reads_events_that_come_not_too_often(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    terminal.json = True
    with progress.watch(terminal, "in.mp4", threading.Event()) as tell:
        for second in (1, 2, 3, 10):
            tell(at(second))
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["instant"] for event in events] == [1, 10]
    assert events[-1]["done"] == 1
    assert events[0]["event"] == "progress"


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "-:--"), (0.2, "0:00"), (65, "1:05"), (3723, "1:02:03")]
)
def test_a_time_left_reads_like_a_clock(seconds: float | None, text: str) -> None:
    assert progress.clock(seconds) == text
