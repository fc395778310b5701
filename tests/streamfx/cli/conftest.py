"""Fixtures for tests of the command line."""

from pathlib import Path

import pytest

from streamfx.cli import main
from tests import clips
from tests.shell import Ran, Run


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Return what runs a command in this very process, which spares the imports."""

    def call(*words: str | Path) -> Ran:
        capfd.readouterr()
        code = main([str(word) for word in words])
        out, err = capfd.readouterr()
        return Ran(code, out, err)

    return call


@pytest.fixture(scope="session")
def clip() -> Path:
    """Return a clip of one second with sound."""
    return clips.cached("cli.mp4", frames=25, audio=("aac",))
