import json

import pytest

from streamfx.cli import checks
from streamfx.cli.checks import Finding
from tests.shell import Run

WELL = Finding("codec", "h264", "ok", "libx264")
ADVICE = Finding("compiler", "C++", "warn", "none", "install one")
BROKEN = Finding("version", "av", "fail", "cannot be imported", "pip install av")


@pytest.mark.parametrize(
    ("found", "code", "verdict"),
    [
        ([WELL], 0, "All 1 checks are well"),
        ([WELL, ADVICE], 0, "Everything needed is there; 1 of 2 checks have advice"),
        ([WELL, ADVICE, BROKEN], 1, "1 of 3 checks failed"),
    ],
)
def test_the_verdict_counts_what_failed_and_only_that_is_an_error(
    run: Run, monkeypatch: pytest.MonkeyPatch, found: list[Finding], code: int, verdict: str
) -> None:
    monkeypatch.setattr(checks, "check_all", lambda: found)
    ran = run("doctor")
    assert (ran.code, ran.err) == (code, "")
    assert verdict in ran.out
    for finding in found:
        assert finding.fix in ran.out
    assert json.loads(run("doctor", "--json").out)["healthy"] is (code == 0)


def test_everything_needed_is_on_this_machine(run: Run) -> None:
    ran = run("doctor", "--json")
    findings = json.loads(ran.out)["findings"]
    assert [entry for entry in findings if entry["state"] == "fail"] == []
    assert ran.code == 0
    assert {entry["topic"] for entry in findings} >= {
        "version", "codec", "hardware", "compiler", "folder", "node", "preset",
        "live",
    }  # fmt: skip
