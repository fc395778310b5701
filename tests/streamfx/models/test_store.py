from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from streamfx.errors import ModelError
from streamfx.models import store as stores
from streamfx.models.card import ModelCard, Source, WeightFile
from streamfx.models.shelf import shipped, write
from streamfx.models.store import ModelStore
from tests.streamfx.models.conftest import url_card
from tests.weights_server import Site

CPU = torch.device("cpu")
DATA = b"weights" * 1000


def test_a_model_is_built_on_the_device_and_in_eval_mode(device: torch.device) -> None:
    store = ModelStore()
    store.add(ModelCard("tiny", "MIT"), lambda card: nn.Linear(2, 3))
    net = store.load("tiny", device, torch.float64)
    assert not net.training
    assert (net.weight.device.type, net.weight.dtype) == (device.type, torch.float64)
    assert store.card("tiny").licence == "MIT"


def test_an_unknown_model_lists_the_known_ones() -> None:
    store = ModelStore()
    store.add(ModelCard("tiny", "MIT"), lambda card: nn.Identity())
    with pytest.raises(ModelError, match="no model 'tinny'; there are: tiny"):
        store.card("tinny")
    with pytest.raises(ModelError, match="'tiny' is already known"):
        store.add(ModelCard("tiny", "MIT"), lambda card: nn.Identity())


def test_the_installed_store_knows_the_shelf_and_asks_no_torch_of_it() -> None:
    assert [card.name for card in ModelStore.installed()] == list(shipped())
    code = (
        "import sys\nfrom streamfx.cli.late import load_late\nload_late('torch')\n"
        "from streamfx.models.store import ModelStore\nlist(ModelStore.installed())\n"
        "print('torch._C' in sys.modules, 'tflite' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"


@pytest.mark.parametrize("how", ["argument", "environment"])
def test_offline_the_error_names_the_command(
    how: str, folder: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.files["/net"] = DATA
    if how == "environment":
        monkeypatch.setenv("STREAMFX_OFFLINE", "1")
    card = url_card(DATA, f"{site.url}/net")
    with pytest.raises(ModelError, match="run streamfx models pull net first"):
        ModelStore([card], offline=how == "argument").path("net")
    assert site.asked == []
    monkeypatch.delenv("STREAMFX_OFFLINE", raising=False)
    ModelStore([card]).pull("net")
    assert ModelStore([card], offline=True).path("net").read_bytes() == DATA


def test_weights_that_were_damaged_are_refused_and_pulled_again(folder: Path, site: Site) -> None:
    site.files["/net"] = DATA
    store = ModelStore([url_card(DATA, f"{site.url}/net")])
    path = store.path("net")
    assert store.fault("net") is None
    path.write_bytes(DATA[:-1] + b"?")
    with pytest.raises(ModelError, match="expected SHA-256 .*; streamfx models pull net fetches"):
        store.path("net")
    store.pull("net")
    assert store.path("net").read_bytes() == DATA
    path.write_bytes(DATA[:-1])
    assert not store.here("net")
    assert store.path("net").read_bytes() == DATA


class Scaled(nn.Module):
    """A network for weights of its own."""

    def __init__(self, width: int = 2) -> None:
        super().__init__()
        self.layer = nn.Linear(width, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self.layer(x)
        return made


def own(folder: Path, file: str, network: str = f"{__name__}:Scaled", **io: object) -> ModelCard:
    data = (folder / file).read_bytes()
    weights = WeightFile(file, hashlib.sha256(data).hexdigest(), len(data))
    return ModelCard(
        "own", "MIT", source=Source("own"), files=(weights,), network=network, io=dict(io)
    )


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that our own weights are in, in this test."""
    from safetensors.torch import save_file

    monkeypatch.setattr(stores, "WEIGHTS", tmp_path)
    save_file(Scaled(3).state_dict(), tmp_path / "own.safetensors")
    torch.save({"params": Scaled(3).state_dict()}, tmp_path / "own.pth")
    return tmp_path


@pytest.mark.parametrize("file", ["own.safetensors", "own.pth"])
def test_our_own_weights_fill_the_network_that_the_card_names(file: str, weights: Path) -> None:
    card = own(weights, file, arguments={"width": 3}, key="params")
    net = ModelStore([card], offline=True).load("own", CPU, torch.float32)
    assert net(torch.zeros(1, 3)).shape == (1, 2)


@pytest.mark.parametrize(
    ("card", "words"),
    [
        ({"arguments": {"width": 4}}, "weights of another network: .*size mismatch"),
        ({"network": ""}, "its card names no network for the weights"),
        ({"network": "streamfx.nodes.nowhere:Net"}, "no network streamfx.nodes.nowhere:Net"),
        ({"network": f"{__name__}:Missing"}, "no network .*:Missing"),
        ({"arguments": {"depth": 4}}, "no network .*unexpected keyword argument 'depth'"),
        ({"network": "builtins:dict"}, "builtins:dict makes no network of torch"),
    ],
)
def test_weights_that_fit_nothing_are_refused_in_one_line(
    card: dict[str, object], words: str, weights: Path
) -> None:
    store = ModelStore([own(weights, "own.safetensors", **card)])  # type: ignore[arg-type]
    with pytest.raises(ModelError, match=f"model 'own': {words}") as caught:
        store.load("own", CPU, torch.float32)
    assert "\n" not in str(caught.value)


def test_weights_that_would_run_code_are_not_read(weights: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return exec, ("raise SystemExit('unpickled')",)

    torch.save({"params": Trap()}, weights / "trap.pth")
    store = ModelStore([own(weights, "trap.pth")])
    with pytest.raises(ModelError, match="trap.pth cannot be read safely"):
        store.load("own", CPU, torch.float32)


def test_broken_weights_of_our_own_ask_for_another_install(weights: Path) -> None:
    card = own(weights, "own.safetensors")
    (weights / "own.safetensors").write_bytes(b"short")
    with pytest.raises(ModelError, match="expected [0-9]+ bytes, got 5; install streamfx again"):
        ModelStore([card]).load("own", CPU, torch.float32)
    with pytest.raises(ModelError, match="own.safetensors is broken"):
        ModelStore([own(weights, "own.safetensors")]).load("own", CPU, torch.float32)


def test_a_file_of_the_user_s_own_is_a_model_by_its_path(weights: Path) -> None:
    store = ModelStore()
    path = weights / "own.safetensors"
    assert store.card(str(path)).licence == "LicenseRef-unknown"
    assert store.path(str(path)) == path
    with pytest.raises(ModelError, match="names no network"):
        store.load(str(path), CPU, torch.float32)
    card = ModelCard(
        "own", "LicenseRef-mine", source=Source("file"), files=(WeightFile(path.name),),
        network=f"{__name__}:Scaled", io={"arguments": {"width": 3}},
    )  # fmt: skip
    (weights / "own.toml").write_text(write(card), "utf-8")
    for name in (path, weights / "own.toml"):
        assert store.load(str(name), CPU, torch.float32)(torch.zeros(1, 3)).shape == (1, 2)
    with pytest.raises(ModelError, match="no model file .*none.onnx"):
        store.path(str(weights / "none.onnx"))


def test_a_format_that_is_not_torch_s_says_who_runs_it(weights: Path) -> None:
    (weights / "net.onnx").write_bytes(b"onnx")
    with pytest.raises(ModelError, match="is an ONNX file: the node matting.onnx runs it"):
        ModelStore().load(str(weights / "net.onnx"), CPU, torch.float32)
