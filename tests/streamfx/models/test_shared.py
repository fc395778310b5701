import threading
from pathlib import Path

import pytest
import torch

from streamfx.errors import ModelError
from streamfx.models.card import ModelCard
from streamfx.models.shared import SharedModels
from streamfx.models.store import ModelStore

CPU = torch.device("cpu")


class Counted:
    """A store with one small network, which counts how often it is built."""

    def __init__(self) -> None:
        self.built = 0
        self.fails = False
        self.store = ModelStore()
        self.store.add(ModelCard("tiny", "MIT"), self._build)

    def _build(self, card: ModelCard) -> torch.nn.Module:
        self.built += 1
        if self.fails:
            raise ModelError("the file is gone")
        return torch.nn.Linear(2, 2)


def test_a_network_is_loaded_once_for_a_device_and_a_type_of_number() -> None:
    counted = Counted()
    shared = SharedModels(counted.store)
    first = shared.load("tiny", CPU, torch.float32)
    assert shared.load("tiny", CPU, torch.float32) is first
    assert shared.load("tiny", CPU, torch.float64) is not first
    assert counted.built == 2
    assert not first.training
    assert not any(weight.requires_grad for weight in first.parameters())


def test_threads_that_ask_at_once_get_the_same() -> None:
    counted = Counted()
    shared = SharedModels(counted.store)
    ready = threading.Barrier(8)
    got: list[torch.nn.Module] = []

    def ask() -> None:
        ready.wait()
        got.append(shared.load("tiny", CPU, torch.float32))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, got))) == 1
    assert len(got) == 8
    assert counted.built == 1


def test_a_load_that_failed_is_tried_again() -> None:
    counted = Counted()
    shared = SharedModels(counted.store)
    counted.fails = True
    with pytest.raises(ModelError, match="the file is gone"):
        shared.load("tiny", CPU, torch.float32)
    counted.fails = False
    assert isinstance(shared.load("tiny", CPU, torch.float32), torch.nn.Linear)


def test_cards_and_unknown_names_are_those_of_the_store() -> None:
    shared = SharedModels(Counted().store)
    assert shared.card("tiny").licence == "MIT"
    with pytest.raises(ModelError, match="no model 'huge'; there are: tiny"):
        shared.load("huge", CPU, torch.float32)


def test_a_path_is_the_store_s(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(b"net")
    assert SharedModels(ModelStore()).path(str(path)) == path
