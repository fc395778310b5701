import logging
import pickle
import sys
from pathlib import Path

import pytest
import torch

from streamfx.errors import ModelError
from streamfx.models import onnx
from streamfx.models.onnx import opened
from tests.networks import FLOAT, HALF, plain, recurrent

CPU = torch.device("cpu")


def test_a_file_is_read_once_for_all_who_hold_it(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.onnx")
    first = opened(path, CPU)
    assert opened(path, CPU) is first
    assert opened(tmp_path / "." / "a.onnx", CPU) is first


def test_a_file_that_has_changed_is_read_again(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.onnx")
    first = opened(path, CPU)
    recurrent(path)
    assert "r1i" in opened(path, CPU).inputs
    assert "r1i" not in first.inputs


def test_nobody_keeps_a_network_that_nobody_holds(tmp_path: Path) -> None:
    opened(plain(tmp_path / "a.onnx"), CPU)
    assert not [key for key in onnx._OPEN if key[0] == tmp_path / "a.onnx"]


@pytest.mark.parametrize("kind", [FLOAT, HALF])
def test_inputs_and_outputs_are_as_the_file_says(tmp_path: Path, kind: int) -> None:
    session = opened(recurrent(tmp_path / "a.onnx", kind), CPU)
    number = torch.float16 if kind == HALF else torch.float32
    assert list(session.inputs) == ["src", "r1i", "r2i", "r3i", "r4i", "downsample_ratio"]
    assert session.inputs["src"].dtype == number
    assert session.inputs["src"].shape == (1, 3, None, None)
    assert session.inputs["downsample_ratio"].dtype == torch.float32
    assert list(session.outputs)[:2] == ["fgr", "pha"]


def test_it_takes_as_many_threads_as_torch(tmp_path: Path) -> None:
    options = opened(plain(tmp_path / "a.onnx"), CPU).session.get_session_options()
    assert options.intra_op_num_threads == torch.get_num_threads()


def test_what_computes_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        session = opened(plain(tmp_path / "said.onnx"), CPU)
    assert session.provider == "CPUExecutionProvider"
    assert "said.onnx runs by CPUExecutionProvider" in caplog.text


def test_a_gpu_without_a_runtime_for_it_falls_back_to_the_cpu_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    if "CUDAExecutionProvider" in onnx.runtime().get_available_providers():
        pytest.skip("the runtime has CUDA")
    session = opened(plain(tmp_path / "slow.onnx"), torch.device("cuda", 0))
    assert session.device == CPU
    assert [r.levelname for r in caplog.records if "slow.onnx" in r.message] == ["WARNING"]


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"^cannot read the network .*gone.onnx: No such[^\n]*$"):
        opened(tmp_path / "gone.onnx", CPU)


@pytest.mark.parametrize(
    "bytes_", [b"", b"hello", pickle.dumps({"weights": [1, 2]}), b"\x00" * 4096]
)
def test_a_file_that_is_no_network_is_one_line(tmp_path: Path, bytes_: bytes) -> None:
    path = tmp_path / "odd.onnx"
    path.write_bytes(bytes_)
    with pytest.raises(ModelError, match=r"^.*odd.onnx is no ONNX network that can [^\n]+$"):
        opened(path, CPU)


def test_a_file_that_was_cut_off_is_one_line(tmp_path: Path) -> None:
    path = recurrent(tmp_path / "half.onnx")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelError, match=r"^.*half.onnx is no ONNX network that can [^\n]+$"):
        opened(path, CPU)


def test_a_runtime_that_is_absent_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelError, match=r"pip install 'streamfx\[onnx\]'"):
        opened(plain(tmp_path / "a.onnx"), CPU)


def test_a_provider_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.onnx")
    with pytest.raises(ModelError, match="cuda needs pictures on a GPU"):
        opened(path, CPU, "cuda")
    if "TensorrtExecutionProvider" not in onnx.runtime().get_available_providers():
        with pytest.raises(ModelError, match="has no TensorrtExecutionProvider; it has: .*CPU"):
            opened(path, torch.device("cuda", 0), "tensorrt")
