"""Fixtures for tests of the web application."""

from pathlib import Path

import pytest

from tests.streamfx.live.http.fake import FakeHub


@pytest.fixture
def hub(tmp_path: Path) -> FakeHub:
    """Return a hub without media."""
    return FakeHub(tmp_path)
