"""Interpolation by a network in ONNX: told any of the ways in which they are fed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from streamfx import GraphError, StreamfxError
from streamfx.nodes.interpolate import Onnx
from streamfx.testing import clip, context, info_of, noise, run

FLOAT = TensorProto.FLOAT
Shape = list[str | int | None]
CARD = 'licence = "LicenseRef-test"\nmultiple = 8\n\n[io]\n'


def written(path: Path, nodes: list[onnx.NodeProto], inputs: dict[str, Shape]) -> Path:
    """Write a network with one output, ``out``."""
    given = [helper.make_tensor_value_info(name, FLOAT, shape) for name, shape in inputs.items()]
    made = [helper.make_tensor_value_info("out", FLOAT, [1, 3, "h", "w"])]
    axis, cuts = np.array([1]), {"0": [0], "3": [3], "6": [6], "7": [7]}
    constants = {"axis": axis, "half": np.array(0.5, np.float32)}
    constants |= {f"at{key}": np.array(value) for key, value in cuts.items()}
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "net", given, made, tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return path


def fading(path: Path) -> Path:
    """Write a network that fades two frames by a number."""
    node = helper.make_node
    nodes = [
        node("Sub", ["b", "a"], ["change"]),
        node("Mul", ["change", "t"], ["part"]),
        node("Add", ["a", "part"], ["out"]),
    ]
    frame: Shape = [1, 3, "h", "w"]
    path = written(path, nodes, {"a": frame, "b": list(frame), "t": [1]})
    io = 'inputs = { first = "a", second = "b", time = "t" }\noutput = "out"\ntime = "number"\n'
    path.with_suffix(".toml").write_text(CARD + io, "utf-8")
    return path


def stacked(path: Path) -> Path:
    """Write the same, of one stack: two frames and a plane of the instant."""
    node = helper.make_node
    nodes = [
        node("Slice", ["x", "at0", "at3", "axis"], ["a"]),
        node("Slice", ["x", "at3", "at6", "axis"], ["b"]),
        node("Slice", ["x", "at6", "at7", "axis"], ["t"]),
        node("Sub", ["b", "a"], ["change"]),
        node("Mul", ["change", "t"], ["part"]),
        node("Add", ["a", "part"], ["out"]),
    ]
    path = written(path, nodes, {"x": [1, 7, "h", "w"]})
    io = 'inputs = { stack = "x" }\noutput = "out"\ntime = "map"\norder = "bgr"\n'
    path.with_suffix(".toml").write_text(CARD + io, "utf-8")
    return path


def middle(path: Path) -> Path:
    """Write a network that knows the middle alone."""
    node = helper.make_node
    nodes = [node("Add", ["a", "b"], ["both"]), node("Mul", ["both", "half"], ["out"])]
    frame: Shape = [1, 3, "h", "w"]
    path = written(path, nodes, {"a": frame, "b": list(frame)})
    io = 'inputs = { first = "a", second = "b" }\noutput = "out"\n'
    path.with_suffix(".toml").write_text(CARD + io, "utf-8")
    return path


@pytest.mark.parametrize("network", [fading, stacked, middle])
def test_a_network_is_fed_as_its_card_says(network, tmp_path: Path) -> None:
    path = network(tmp_path / "net.onnx")
    out = run(Onnx(model=str(path), factor=4, cut=0.0), frame=clip(0.0, 0.8))
    assert [round(float(f.image.mean()), 4) for f in out[:5]] == [0, 0.2, 0.4, 0.6, 0.8]


def test_sides_are_filled_up_and_cut_off_again_and_alpha_comes_along(tmp_path: Path) -> None:
    path = fading(tmp_path / "net.onnx")
    frames = noise(2, size=(13, 21), alpha=True)
    out = run(Onnx(model=str(path), cut=0.0), frame=frames)[1].image
    ends = [f.image.double() for f in frames]
    alpha = (ends[0][3] + ends[1][3]) / 2
    colours = (ends[0][:3] * ends[0][3] + ends[1][:3] * ends[1][3]) / 2 / alpha.clamp(min=1e-6)
    assert out.shape == (4, 13, 21)
    assert (out[3] - alpha).abs().max() < 1e-5
    assert (out[:3] - colours)[:, alpha > 0.05].abs().max() < 1e-3


def test_instants_that_the_middle_does_not_reach_take_the_nearest(tmp_path: Path) -> None:
    path = middle(tmp_path / "net.onnx")
    out = run(Onnx(model=str(path), factor=3, cut=0.0), frame=clip(0.0, 0.8))
    assert float(out[1].image.mean()) == pytest.approx(0.8 * 5 / 16, abs=1e-4)


@pytest.mark.parametrize(
    ("io", "said"),
    [
        ('inputs = { first = "a" }\noutput = "out"', "first and second, or stack"),
        ('inputs = { stack = "a" }', "output: Field required"),
        ('inputs = { first = "a", second = "b" }\noutput = "out"\ntime = "map"', "no input takes"),
        ('inputs = { first = "a", second = "b" }\noutput = "out"\nsize = 3', "size: Extra inputs"),
    ],
)
def test_a_card_that_says_nothing_sensible_is_refused(io: str, said: str, tmp_path: Path) -> None:
    path = fading(tmp_path / "net.onnx")
    path.with_suffix(".toml").write_text(CARD + io, "utf-8")
    with pytest.raises(GraphError, match=said):
        Onnx(model=str(path)).plan(info_of(clip(0.0)))  # type: ignore[arg-type]  # of pictures


@pytest.mark.parametrize(("there", "named"), [('"a"', '"nobody"'), ('"out"', '"nothing"')])
def test_names_that_the_file_does_not_have_are_said(there, named, tmp_path: Path) -> None:
    path = fading(tmp_path / "net.onnx")
    card = path.with_suffix(".toml")
    card.write_text(card.read_text("utf-8").replace(there, named), "utf-8")
    with pytest.raises(StreamfxError, match=f"no (in|out)put '{named[1:-1]}'; there are:"):
        run(Onnx(model=str(path)), frame=clip(0.0, 1.0))


def test_a_name_that_no_card_has_is_refused() -> None:
    with pytest.raises(GraphError, match="no ONNX network 'nobody'; there are: none"):
        Onnx(model="nobody").plan(info_of(clip(0.0)))  # type: ignore[arg-type]  # of pictures


def test_pictures_stay_on_their_device(device: torch.device, tmp_path: Path) -> None:
    path = fading(tmp_path / "net.onnx")
    ctx = context(device=device) if device.type != "cpu" else context()
    out = run(Onnx(model=str(path), cut=0.0), ctx, frame=clip(0.0, 1.0))
    assert float(out[1].image.mean()) == pytest.approx(0.5, abs=1e-4)
