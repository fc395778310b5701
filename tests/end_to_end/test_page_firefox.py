"""Firefox sends its camera through the server and shows what comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser import MEAN
from tests.firefox import FIREFOX, firefox
from tests.serving import serving

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(FIREFOX is None, reason="there is no Firefox"),
]

LIVE = "document.getElementById('status').textContent === 'Live'"
OFF = f"""
(() => {{
  const [before, after] = ["before", "after"].map((id) => ({MEAN})(document.getElementById(id)));
  return Math.max(...before.map((each, i) => Math.abs(each - after[i])));
}})()
"""
"""How far the returned picture's mean is from the camera's, which changes its colour slowly."""


def test_the_picture_comes_back_also_after_a_reload(tmp_path: Path) -> None:
    with serving("identity") as server, firefox(tmp_path / "profile") as window:
        window.resize(1280, 800)
        window.goto(server.url)
        window.until("document.querySelectorAll('#preset option').length === 1")
        window.evaluate("document.getElementById('start').click()")
        window.until(LIVE)
        window.until(f"{OFF} < 40")
        session = window.evaluate("sessionStorage.getItem('streamfx.session')")
        window.reload()
        window.until(LIVE)
        window.until(f"{OFF} < 40")
        assert window.evaluate("sessionStorage.getItem('streamfx.session')") == session
        window.evaluate("document.getElementById('stop').click()")
        window.until("document.getElementById('status').textContent === 'Stopped'")
