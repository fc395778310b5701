import json

import pytest

from streamfx.cli.terminal import Terminal, complain
from streamfx.errors import MediaError, Stopped


def test_a_complaint_is_one_line_whatever_it_holds(capsys: pytest.CaptureFixture[str]) -> None:
    complain("first\n  second\r\nthird")
    assert capsys.readouterr().err == "streamfx: first second third\n"


def test_events_leave_stdout_to_video(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    terminal.json = terminal.stdout_taken = True
    terminal.event("start", source="-")
    terminal.failed(MediaError("gone"), "gone", 1)
    out, err = capsys.readouterr()
    assert out == ""
    assert [json.loads(line)["event"] for line in err.splitlines()] == ["start", "error"]


def test_without_json_there_are_no_events(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal().event("start")
    assert capsys.readouterr() == ("", "")


def test_a_table_in_a_pipe_has_no_blanks_at_the_ends_of_lines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from rich.table import Table

    table = Table(box=None)
    table.add_column("a")
    table.add_column("b")
    table.add_row("1", "")
    Terminal().show(table)
    assert all(line == line.rstrip() for line in capsys.readouterr().out.splitlines())


def test_the_outcome_of_a_stopped_run_is_kept_and_of_a_wrong_question_is_not() -> None:
    kept: list[object] = []
    terminal = Terminal()
    terminal.keep = lambda outcome: kept.append(outcome["status"])
    terminal.failed(Stopped("x"), "x", 130)
    terminal.failed(MediaError("x"), "x", 1)
    terminal.failed(ValueError("x"), "x", 2)
    assert kept == ["stopped", "failed"]


def test_a_report_that_cannot_be_kept_does_not_hide_the_failure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(outcome: object) -> None:
        raise MediaError("disk full")

    terminal = Terminal()
    terminal.keep = refuse
    terminal.failed(MediaError("lost"), "lost", 1)
    assert capsys.readouterr().err == "streamfx: lost\n"
