"""Running a preset before anybody asks."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
import torch

from streamfx.engine.batching import Batcher
from streamfx.live.sessions import warmup
from streamfx.live.sessions.equipment import Equipment
from streamfx.live.sessions.offered import Offer
from streamfx.live.sessions.warmup import WarmupError, warm_up
from streamfx.live.settings import ServeSettings
from streamfx.live.transport.peer import PeerSettings
from streamfx.models.shared import SharedModels
from streamfx.models.store import ModelStore

T = TypeVar("T")

BROKEN = """
from streamfx import Frame, Node

class Broken(Node):
    \"\"\"Fail.\"\"\"

    def process(self, frame: Frame) -> Frame:
        raise RuntimeError("no such luck")
"""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warmup, "SIZE", (64, 48))
    monkeypatch.setattr(warmup, "PATIENCE", 20.0)
    monkeypatch.setattr(warmup, "COUNTED", 2)


def equipped(work: Callable[[Equipment], T]) -> T:
    async def run() -> T:
        equipment = Equipment(
            asyncio.get_running_loop(),
            ServeSettings(),
            PeerSettings(),
            torch.device("cpu"),
            SharedModels(ModelStore()),
            Batcher(),
        )
        return await asyncio.to_thread(work, equipment)

    return asyncio.run(run())


@pytest.mark.parametrize("name", ["identity", "plate-blur", "soft-focus"])
def test_a_preset_s_cost_is_measured_and_its_thread_ends(name: str) -> None:
    before = threading.active_count()
    cost = equipped(lambda equipment: warm_up(Offer([name]).first, equipment))
    assert cost is not None
    assert 0 < cost < 5
    assert threading.active_count() <= before


def test_a_preset_that_fails_is_not_ready(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(BROKEN)
    path = tmp_path / "bad.toml"
    path.write_text('title = "Bad"\n[[node]]\nid = "bad"\nuse = "broken.broken"\n')
    offer = Offer([str(path)], [str(tmp_path / "broken.py")])
    with pytest.raises(WarmupError, match="no such luck"):
        equipped(lambda equipment: warm_up(offer.first, equipment))


def test_a_warm_up_makes_room_for_whoever_comes() -> None:
    offer = Offer(["identity"])
    assert equipped(lambda equipment: warm_up(offer.first, equipment, lambda: True)) is None
