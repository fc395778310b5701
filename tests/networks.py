"""Tiny networks in ONNX, of the shapes in which matting networks are published."""

import atexit
import shutil
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, HALF = TensorProto.FLOAT, TensorProto.FLOAT16
Shape = list[str | int | None]
FREE: Shape = [1, 3, "height", "width"]


def recurrent(path: Path, kind: int = FLOAT) -> Path:
    """Write a network with the inputs and outputs of Robust Video Matting.

    ``pha`` is half the mean of red and green, and half the ``pha`` of the frame before (r1); r2
    counts frames, r3 is the red plane, r4 the downsample ratio; ``fgr`` is the picture, dimmed.
    """
    number = np.float16 if kind == HALF else np.float32
    value = helper.make_tensor_value_info
    inputs = [value("src", kind, FREE)]
    inputs += [value(f"r{i}i", kind, _free(f"c{i}", f"y{i}", f"x{i}")) for i in (1, 2, 3, 4)]
    inputs += [value("downsample_ratio", FLOAT, [1])]
    outputs = [value("fgr", kind, FREE), value("pha", kind, [1, 1, "height", "width"])]
    outputs += [value(f"r{i}o", kind, _free(1, f"h{i}", f"w{i}")) for i in (1, 2, 3, 4)]
    weigh = np.array([0.5, 0.5, 0], number).reshape(1, 3, 1, 1)
    nodes = [
        helper.make_node("Conv", ["src", "weigh"], ["now"]),
        helper.make_node("Add", ["now", "r1i"], ["both"]),
        helper.make_node("Mul", ["both", "half"], ["pha"]),
        helper.make_node("Identity", ["pha"], ["r1o"]),
        helper.make_node("Add", ["r2i", "one"], ["r2o"]),
        helper.make_node("Slice", ["src", "zero", "till", "axis"], ["red"]),
        helper.make_node("Mul", ["r3i", "nothing"], ["gone"]),
        helper.make_node("Add", ["red", "gone"], ["r3o"]),
        helper.make_node("Cast", ["downsample_ratio"], ["ratio"], to=kind),
        helper.make_node("Mul", ["r4i", "nothing"], ["gone4"]),
        helper.make_node("Add", ["gone4", "ratio"], ["r4o"]),
        helper.make_node("Mul", ["src", "dim"], ["fgr"]),
    ]
    constants = {
        "weigh": weigh,
        "half": np.array(0.5, number),
        "one": np.array(1, number),
        "nothing": np.array(0, number),
        "dim": np.array(0.9, number),
        "zero": np.array([0]),
        "till": np.array([1]),
        "axis": np.array([1]),
    }
    return _save(path, nodes, inputs, outputs, constants)


def plain(path: Path, size: Sequence[int | str] = ("height", "width"), kind: int = FLOAT) -> Path:
    """Write a network with the input and output of MODNet: the matte is red, from [-1, 1]."""
    number = np.float16 if kind == HALF else np.float32
    value = helper.make_tensor_value_info
    nodes = [
        helper.make_node("Conv", ["input", "weigh"], ["red"]),
        helper.make_node("Add", ["red", "half"], ["output"]),
    ]
    constants = {
        "weigh": np.array([0.5, 0, 0], number).reshape(1, 3, 1, 1),
        "half": np.array(0.5, number),
    }
    inputs = [value("input", kind, _free(3, *size))]
    return _save(path, nodes, inputs, [value("output", kind, _free(1, *size))], constants)


def two_classes(path: Path) -> Path:
    """Write one that takes B'G'R' last, and gives a score for the room and one for the subject.

    The subject is where there is more blue than red.
    """
    value = helper.make_tensor_value_info
    weigh = np.array([[0, 0, 20], [20, 0, 0]], np.float32).T  # of B'G'R': room red, subject blue
    nodes = [helper.make_node("MatMul", ["image", "weigh"], ["scores"])]
    inputs = [value("image", FLOAT, [1, "height", "width", 3])]
    outputs = [value("scores", FLOAT, [1, "height", "width", 2])]
    return _save(path, nodes, inputs, outputs, {"weigh": weigh})


def with_plate(path: Path) -> Path:
    """Write one that takes a picture and its plate: the matte is how far they differ in red."""
    value = helper.make_tensor_value_info
    nodes = [
        helper.make_node("Sub", ["src", "bgr"], ["off"]),
        helper.make_node("Conv", ["off", "weigh"], ["red"]),
        helper.make_node("Abs", ["red"], ["pha"]),
    ]
    weigh = np.array([1, 0, 0], np.float32).reshape(1, 3, 1, 1)
    inputs = [value("src", FLOAT, FREE), value("bgr", FLOAT, FREE)]
    outputs = [value("pha", FLOAT, [1, 1, "height", "width"])]
    return _save(path, nodes, inputs, outputs, {"weigh": weigh})


def _free(*sizes: int | str) -> Shape:
    return [1, *sizes]


def _save(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    constants: dict[str, np.ndarray],
) -> Path:
    held = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, path.stem, inputs, outputs, held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


RECURRENT_CARD = """
licence = "MIT"
[io]
inputs = { image = "src", downsample = "downsample_ratio" }
outputs = { alpha = "pha", foreground = "fgr" }
states = [["r1i", "r1o"], ["r2i", "r2o"], ["r3i", "r3o"], ["r4i", "r4o"]]
"""
PLAIN_CARD = """
licence = "MIT"
multiple = 4
[io]
inputs = { image = "input" }
outputs = { alpha = "output" }
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]
shorter = 16
"""
TWO_CARD = """
licence = "MIT"
[io]
inputs = { image = "image" }
outputs = { alpha = "scores" }
order = "bgr"
layout = "nhwc"
activation = "softmax"
channel = 1
"""
BETWEEN_CARD = """\
licence = "LicenseRef-test"
multiple = 8

[io]
inputs = { first = "a", second = "b", time = "t" }
output = "out"
time = "number"
"""
PLATE_CARD = """
licence = "MIT"
[io]
inputs = { image = "src", plate = "bgr" }
outputs = { alpha = "pha" }
"""


@cache
def between(path: Path) -> Path:
    """Write a network that fades frame ``a`` into frame ``b`` by the number ``t``."""
    value = helper.make_tensor_value_info
    frame: Shape = ["n", 3, "height", "width"]
    inputs = [value("a", FLOAT, frame), value("b", FLOAT, frame), value("t", FLOAT, [1])]
    nodes = [
        helper.make_node("Sub", ["b", "a"], ["change"]),
        helper.make_node("Mul", ["change", "t"], ["part"]),
        helper.make_node("Add", ["a", "part"], ["out"]),
    ]
    return _save(path, nodes, inputs, [value("out", FLOAT, frame)], {})


def examples() -> tuple[str, str, str, str]:
    """Return the paths of networks.

    A recurrent one, one for single pictures, one with a plate, and one for what is between frames.
    """
    folder = Path(tempfile.mkdtemp(prefix="networks-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return (
        carded(recurrent(folder / "video.onnx"), RECURRENT_CARD),
        carded(plain(folder / "photo.onnx"), PLAIN_CARD),
        carded(with_plate(folder / "plate.onnx"), PLATE_CARD),
        carded(between(folder / "between.onnx"), BETWEEN_CARD),
    )


def carded(path: Path, card: str) -> str:
    """Lay a card beside a network, and return the path of the network."""
    path.with_suffix(".toml").write_text(card, "utf-8")
    return str(path)
