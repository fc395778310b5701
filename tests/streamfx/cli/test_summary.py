from dataclasses import replace
from fractions import Fraction

import pytest
from rich.console import Console

from streamfx.cli.summary import damage, realtime, summarise
from streamfx.engine.meter import StepTime
from streamfx.engine.report import DamagedRange, Report, Sync
from streamfx.timing import Stretch

WHOLE = Stretch(Fraction(0), Fraction(10))
REPORT = Report(
    source="in.mp4",
    target="out.mp4",
    title="T",
    frames_in=250,
    frames_out=500,
    elapsed=5.0,
    video_in=WHOLE,
    video_out=WHOLE,
    sync=Sync(Fraction(0), Fraction(-1, 50), Fraction(1, 25)),
    steps=(StepTime("lift", 250, 0.5), StepTime("smooth", 250, 1.5)),
    stages={"decode": 1.0, "encode": 4.5},
    colour_in="bt709",
    colour_out="bt2020",
    notes=("took the second stream",),
)


def shown(report: Report) -> str:
    console = Console(width=160)
    with console.capture() as captured:
        console.print(summarise(report))
    return captured.get()


@pytest.mark.parametrize(
    "words",
    [
        "out.mp4", "250 in, 500 out", "50.0 frames/s", "2.00 x realtime",
        "+0 ms at the begin, -20.0 ms at the end", "duration +40.0 ms", "bt709 -> bt2020",
        "decode 1.00 s, encode 4.50 s", "took the second stream", "75%", "6.00",
    ],
)  # fmt: skip
def test_a_summary_has_every_figure(words: str) -> None:
    assert words in shown(REPORT)


def test_a_summary_of_a_silent_clip_says_so() -> None:
    assert "no sound" in shown(replace(REPORT, sync=Sync(None, None, Fraction(0))))


def test_many_damaged_ranges_are_counted() -> None:
    ranges = tuple(DamagedRange(Fraction(i), Fraction(i + 1), "lost") for i in range(9))
    lines = damage(replace(REPORT, damaged=ranges, truncated="ends early"))
    assert lines[0] == "0.000 s to 1.000 s: lost"
    assert lines[-2:] == ["and 4 more ranges; --report lists them all", "the source ends early"]
    assert len(lines) == 7


def test_a_run_that_took_no_time_has_no_speed() -> None:
    assert realtime(replace(REPORT, elapsed=0.0)) == 0
