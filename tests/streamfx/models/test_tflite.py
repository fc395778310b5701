"""Networks from TFLite files, against LiteRT, the files' own runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from streamfx.errors import ModelError
from streamfx.models import tflite
from tests.tflite_files import File, Op

SAME, VALID = 0, 1
NONE, RELU, RELU6 = 0, 1, 3
RANDOM = np.random.default_rng(7)


def random(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype(np.float32)


def pictures(count: int, height: int, width: int, channels: int = 3) -> torch.Tensor:
    """Return waves and a pattern in [0, 1]: smooth parts, edges, and no symmetry."""
    y, x = np.mgrid[:height, :width]
    n = np.arange(count * channels).reshape(count, channels, 1, 1) + 1
    waves = 0.5 + 0.3 * np.sin(0.05 * n * x + 0.03 * y) + 0.2 * ((7 * x + 13 * y) % 64 < 5 * n)
    return torch.tensor(waves.clip(0, 1).astype(np.float32))


def judged(path: Path, image: torch.Tensor) -> dict[str, np.ndarray]:
    """Return what LiteRT makes of each picture of a batch, by the outputs' names."""
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    runtime = interpreter.Interpreter(model_path=str(path), num_threads=1)
    runtime.allocate_tensors()
    (entry,) = runtime.get_input_details()
    found: dict[str, list[np.ndarray]] = {}
    for one in image.permute(0, 2, 3, 1).numpy():
        runtime.set_tensor(entry["index"], np.ascontiguousarray(one[None]))
        runtime.invoke()
        for end in runtime.get_output_details():
            found.setdefault(end["name"], []).append(runtime.get_tensor(end["index"]).copy())
    return {name: np.concatenate(parts) for name, parts in found.items()}


def ours(network: torch.nn.Module, image: torch.Tensor) -> list[np.ndarray]:
    """Return what the network makes, pictures with their channels last."""
    with torch.inference_mode():
        made = network(image)
    ends = made if isinstance(made, tuple) else (made,)
    return [(end.permute(0, 2, 3, 1) if end.ndim == 4 else end).numpy() for end in ends]


def one(
    kind: str,
    came: Sequence[int],
    went: Sequence[int],
    constants: Mapping[str, np.ndarray] | None = None,
    table: str = "",
    **options: Any,
) -> File:
    """Return a file of one operation on ``x``."""
    constants = constants or {}
    op = Op(kind, ["x", *constants], ["y"], options, table)
    return File({"x": (1, *came), "y": (1, *went)}, [op], ["x"], ["y"], constants)


def conv(
    height: int, width: int, kernel: int, stride: int, padding: int, *, dilation: int = 1,
    act: int = NONE, deep: int = 0,
) -> File:  # fmt: skip
    """Return a file of one convolution; ``deep``: outputs for each channel, on its own."""
    reach = (kernel - 1) * dilation
    sizes = [
        -(-n // stride) if padding == SAME else -(-(n - reach) // stride) for n in (height, width)
    ]
    options = {
        "Padding": padding, "StrideW": stride, "StrideH": stride, "FusedActivationFunction": act,
        "DilationWFactor": dilation, "DilationHFactor": dilation,
    }  # fmt: skip
    if deep:
        weight = {"w": random(1, kernel, kernel, 4 * deep), "b": random(4 * deep)}
        options["DepthMultiplier"] = deep
        kind, came, out = "DEPTHWISE_CONV_2D", 4, 4 * deep
    else:
        weight = {"w": random(5, kernel, kernel, 3), "b": random(5)}
        kind, came, out = "CONV_2D", 3, 5
    table = "DepthwiseConv2DOptions" if deep else "Conv2DOptions"
    return one(kind, (height, width, came), (*sizes, out), weight, table, **options)


def pool(kind: str, size: int, kernel: int, stride: int, padding: int) -> File:
    out = -(-size // stride) if padding == SAME else -(-(size - kernel + 1) // stride)
    return one(
        kind, (size, size, 4), (out, out, 4), None, "Pool2DOptions", Padding=padding,
        StrideW=stride, StrideH=stride, FilterWidth=kernel, FilterHeight=kernel,
    )  # fmt: skip


def resize(
    came: tuple[int, int], went: tuple[int, int], kind: str = "BILINEAR", **flags: bool
) -> File:
    table = "ResizeBilinearOptions" if kind == "BILINEAR" else "ResizeNearestNeighborOptions"
    size = {"size": np.array(went, np.int32)}
    return one(f"RESIZE_{kind}", (*came, 3), (*went, 3), size, table, **flags)


def transposed(kernel: int, stride: int, padding: int) -> File:
    size = 6 * stride if padding == SAME else 5 * stride + kernel
    constants = {"shape": np.array([1, size, size, 2], np.int32), "w": random(2, kernel, kernel, 3)}
    op = Op(
        "TRANSPOSE_CONV", ["shape", "w", "x"], ["y"],
        {"Padding": padding, "StrideW": stride, "StrideH": stride}, "TransposeConvOptions",
    )  # fmt: skip
    return File({"x": (1, 6, 6, 3), "y": (1, size, size, 2)}, [op], ["x"], ["y"], constants)


def two(kind: str, **options: Any) -> File:
    """Return a file that scales a picture by its mean and combines it with itself relu'd."""
    ops = [
        Op("RELU", ["x"], ["r"]),
        Op("MEAN", ["x", "axes"], ["m"], {"KeepDims": True}, "ReducerOptions"),
        Op("MUL", ["r", "m"], ["s"], {}, "MulOptions"),
        Op(kind, ["x", "s"], ["y"], options, f"{kind.title()}Options"),
        Op("ADD", ["y", "r"], ["z"], {"FusedActivationFunction": RELU6}, "AddOptions"),
    ]
    shapes = dict.fromkeys("xrsyz", (1, 5, 6, 3)) | {"m": (1, 1, 1, 3)}
    return File(shapes, ops, ["x"], ["z"], {"axes": np.array([1, 2], np.int32)})


def joined(axis: int) -> File:
    ops = [
        Op("MAX_POOL_2D", ["x"], ["p"], {"Padding": VALID, "StrideW": 1, "StrideH": 1,
           "FilterWidth": 1, "FilterHeight": 1}, "Pool2DOptions"),
        Op("CONCATENATION", ["x", "p"], ["y"], {"Axis": axis}, "ConcatenationOptions"),
    ]  # fmt: skip
    went = [1, 4, 5, 3]
    went[axis] *= 2
    return File({"x": (1, 4, 5, 3), "p": (1, 4, 5, 3), "y": went}, ops, ["x"], ["y"])


def half() -> File:
    """Return a convolution whose weights stand as 16-bit floats behind DEQUANTIZE."""
    made = conv(6, 6, 1, 1, VALID)
    ops = [Op("DEQUANTIZE", ["h"], ["w"]), *made.ops]
    constants = {"h": made.constants["w"].astype(np.float16), "b": made.constants["b"]}
    return File({**made.shapes, "w": (5, 1, 1, 3)}, ops, ["x"], ["y"], constants)


FILES = {
    **{
        f"convolution {k} by {k}, {name}, stride {s}, of {h}x{w}": conv(h, w, k, s, pad)
        for k, s, h, w in ((3, 1, 7, 9), (3, 2, 8, 10), (3, 2, 7, 9), (5, 2, 8, 9), (2, 2, 6, 6),
                           (1, 1, 5, 4), (1, 2, 8, 8), (4, 3, 10, 11))
        for name, pad in (("same", SAME), ("valid", VALID))
    },
    "dilated convolution": conv(9, 10, 3, 1, SAME, dilation=2),
    "convolution with relu": conv(8, 8, 3, 2, SAME, act=RELU),
    "convolution with relu6": conv(8, 8, 3, 2, SAME, act=RELU6),
    "convolution between -1 and 1": conv(8, 8, 3, 2, SAME, act=2),
    "deep convolution": conv(8, 9, 3, 1, SAME, deep=1),
    "deep convolution of stride 2": conv(8, 10, 5, 2, SAME, deep=1),
    "deep convolution with two outputs a channel": conv(8, 8, 3, 2, VALID, deep=2),
    "convolution of 16-bit weights": half(),
    "transposed convolution, same": transposed(3, 2, SAME),
    "transposed convolution of blocks": transposed(2, 2, VALID),
    "transposed convolution, valid": transposed(4, 2, VALID),
    "largest of four": pool("MAX_POOL_2D", 8, 2, 2, VALID),
    "largest, same, odd": pool("MAX_POOL_2D", 7, 2, 2, SAME),
    "mean of nine": pool("AVERAGE_POOL_2D", 9, 3, 3, VALID),
    "mean, same": pool("AVERAGE_POOL_2D", 9, 3, 1, SAME),
    "mean of all": pool("AVERAGE_POOL_2D", 8, 8, 8, VALID),
    "mean without axes": one("MEAN", (4, 5, 3), (3,), {"axes": np.array([1, 2], np.int32)},
                             "ReducerOptions", KeepDims=False),
    "bilinear, centres": resize((4, 5), (8, 10), HalfPixelCenters=True),
    "bilinear, centres, smaller": resize((8, 10), (4, 5), HalfPixelCenters=True),
    "bilinear, corners": resize((4, 5), (9, 12), AlignCorners=True),
    "bilinear, no flag": resize((4, 5), (8, 15)),
    "nearest, centres": resize((4, 5), (8, 10), "NEAREST_NEIGHBOR", HalfPixelCenters=True),
    "nearest, no flag": resize((4, 5), (8, 10), "NEAREST_NEIGHBOR"),
    "zeros around all axes": one("PAD", (4, 5, 3), (7, 6, 6), {
        "p": np.array([[0, 0], [1, 2], [0, 1], [2, 1]], np.int32)}, "PadOptions"),
    "slopes": one("PRELU", (4, 5, 3), (4, 5, 3), {"a": random(1, 1, 3)}),
    "hard swish": one("HARD_SWISH", (4, 5, 3), (4, 5, 3)),
    "logistic": one("LOGISTIC", (4, 5, 3), (4, 5, 3)),
    "leaky": one("LEAKY_RELU", (4, 5, 3), (4, 5, 3), None, "LeakyReluOptions", Alpha=0.3),
    "softmax": one("SOFTMAX", (4, 5, 3), (4, 5, 3), None, "SoftmaxOptions", Beta=1.0),
    "times a constant": one("MUL", (4, 5, 3), (4, 5, 3), {"c": random(3)}, "MulOptions"),
    "minus a constant": one("SUB", (4, 5, 3), (4, 5, 3), {"c": random(1, 1, 1, 3)}, "SubOptions"),
    "a sum of branches": two("ADD", FusedActivationFunction=RELU),
    "a difference of branches": two("SUB"),
    "joined in height": joined(1),
    "joined in width": joined(2),
    "joined in channels": joined(3),
    "another shape": one("RESHAPE", (4, 6, 3), (36, 2), {"s": np.array([1, 36, 2], np.int32)},
                         "ReshapeOptions"),
    "another picture": one("RESHAPE", (4, 6, 2), (6, 4, 2), {
        "s": np.array([1, 6, 4, 2], np.int32)}, "ReshapeOptions"),
    "depth to space": one("DEPTH_TO_SPACE", (3, 4, 8), (6, 8, 2), None, "DepthToSpaceOptions",
                          BlockSize=2),
    "a part": one("STRIDED_SLICE", (6, 7, 4), (2, 3, 2), {
        "a": np.array([0, 1, 0, 2], np.int32), "b": np.array([1, 5, -1, 4], np.int32),
        "c": np.array([1, 2, 2, 1], np.int32)}, "StridedSliceOptions"),
    "fully connected": one("FULLY_CONNECTED", (3, 4, 2), (5,), {
        "w": random(5, 24), "b": random(5)}, "FullyConnectedOptions"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_an_operation_makes_what_litert_makes(name: str, tmp_path: Path) -> None:
    path = FILES[name].write(tmp_path / "one.tflite")
    shape = FILES[name].shapes["x"]
    image = torch.tensor(random(2, shape[3], shape[1], shape[2]))
    kept = image.clone()
    (made,) = ours(tflite.load(path), image)
    (wanted,) = judged(path, image).values()
    assert made.shape == wanted.shape
    assert np.abs(made - wanted).max() < 2e-5
    assert torch.equal(image, kept)  # pictures are never written into


PUBLISHED = [
    "mediapipe-selfie", "mediapipe-selfie-landscape", "mediapipe-face-detection",
    "mediapipe-face-detection-full", "mediapipe-face-mesh", "mediapipe-iris",
    "mediapipe-pose-detection", "mediapipe-pose-landmark-full", "mediapipe-palm-detection-lite",
    "mediapipe-palm-detection-full", "mediapipe-hand-landmark-lite",
    "mediapipe-hand-landmark-full", "mediapipe-hand-recrop",
]  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_network_makes_what_litert_makes(name: str, pulled) -> None:
    store = pulled(name)
    card, path = store.card(name), store.path(name)
    image = pictures(2, *card.size)
    network = store.load(name, torch.device("cpu"), torch.float32)
    mean, std = (card.io.get(key, [base])[0] for key, base in (("mean", 0.0), ("std", 1.0)))
    wanted = judged(path, (image - mean) / std)
    for made, end in zip(ours(network, image), card.io["outputs"].values(), strict=True):
        assert made.shape == wanted[end].shape
        assert np.abs(made - wanted[end]).max() <= 2e-3 * np.abs(wanted[end]).max()
    assert sum(p.numel() for p in network.parameters()) >= card.parameters


def test_the_selfie_masks_are_litert_s_to_a_thousandth(pulled) -> None:
    for name in ("mediapipe-selfie", "mediapipe-selfie-landscape"):
        store = pulled(name)
        image = pictures(1, *store.card(name).size)
        (made,) = ours(store.load(name, torch.device("cpu"), torch.float32), image)
        (wanted,) = judged(store.path(name), image).values()
        assert np.abs(made - wanted).max() < 1e-3


def test_a_network_runs_on_a_device_in_half_precision(device: torch.device, pulled) -> None:
    store = pulled("mediapipe-selfie")
    image = pictures(3, 256, 256)
    exact = store.load("mediapipe-selfie", device, torch.float32)(image.to(device)).cpu()
    half = store.load("mediapipe-selfie", device, torch.bfloat16)
    made = half(image.to(device, torch.bfloat16)).float().cpu()
    assert made.shape == (3, 1, 256, 256)
    assert (made - exact).abs().mean() < 0.02


def test_a_batch_makes_what_its_pictures_make(pulled) -> None:
    network = pulled("mediapipe-selfie").load(
        "mediapipe-selfie", torch.device("cpu"), torch.float32
    )
    image = pictures(3, 256, 256)
    with torch.inference_mode():
        whole = network(image)
        assert torch.allclose(whole, torch.cat([network(i) for i in image.split(1)]), atol=1e-4)


def test_the_mean_and_the_deviation_are_the_network_s_own(tmp_path: Path) -> None:
    path = FILES["logistic"].write(tmp_path / "one.tflite")
    image = torch.rand(1, 3, 4, 5)
    network = tflite.load(path, mean=[0.1, 0.2, 0.3], std=[0.5, 0.6, 0.7])
    by_hand = (image - torch.tensor([0.1, 0.2, 0.3]).view(1, 3, 1, 1)) / torch.tensor(
        [0.5, 0.6, 0.7]
    ).view(1, 3, 1, 1)
    assert torch.allclose(network(image), torch.sigmoid(by_hand), atol=1e-6)


def test_outputs_come_in_the_order_that_is_asked_for(tmp_path: Path) -> None:
    ops = [Op("RELU", ["x"], ["a"]), Op("LOGISTIC", ["a"], ["b"])]
    file = File(dict.fromkeys("xab", (1, 2, 2, 3)), ops, ["x"], ["a", "b"])
    path = file.write(tmp_path / "two.tflite")
    network = tflite.load(path, outputs={"mask": "b", "raw": "a"})
    mask, raw = network(torch.zeros(1, 3, 2, 2))
    assert network.outputs == ("mask", "raw")
    assert (mask.mean(), raw.mean()) == (0.5, 0)
    with pytest.raises(ModelError, match="there is no output 'c'; there are: a, b"):
        tflite.load(path, outputs={"mask": "c"})


def test_what_is_no_such_file_is_refused_in_a_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.tflite"
    path.write_bytes(b"no network at all")
    with pytest.raises(ModelError, match=r"^bad.tflite is not a TFLite file$"):
        tflite.load(path)
    whole = FILES["convolution 3 by 3, same, stride 2, of 8x10"].write(path).read_bytes()
    for cut in range(8, len(whole) - 1, 37):
        path.write_bytes(whole[:cut])
        with pytest.raises(ModelError, match=r"^bad.tflite[^\n]*$"):
            tflite.load(path)


def test_an_operation_that_is_not_known_is_named(tmp_path: Path) -> None:
    path = one("ABS", (2, 2, 3), (2, 2, 3)).write(tmp_path / "abs.tflite")
    with pytest.raises(ModelError, match=r"^abs.tflite: operation ABS is not known here$"):
        tflite.load(path)
