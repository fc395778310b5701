"""Networks from ncnn's files, against ncnn itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from streamfx.errors import ModelError
from streamfx.models import ncnn

HALF = (0x01306B47).to_bytes(4, "little")
FULL = bytes(4)
RANDOM = np.random.default_rng(3)


def weights(count: int, *, half: bool) -> bytes:
    values = RANDOM.normal(size=count) * 0.3
    if not half:
        return FULL + values.astype(np.float32).tobytes()
    data = values.astype(np.float16).tobytes()
    return HALF + data + bytes(-len(data) % 4)


def plain(count: int) -> bytes:
    return RANDOM.normal(size=count).astype(np.float32).tobytes()


def written(
    folder: Path, lines: list[str], data: bytes, head: str = "7767517"
) -> tuple[Path, Path]:
    """Write a network whose layers are ``lines``; the picture is called ``data``."""
    every = ["Input input 0 1 data 0=0", *lines]
    param, binary = folder / "net.param", folder / "net.bin"
    blobs = sum(int(line.split()[3]) for line in every if len(line.split()) > 3)
    param.write_text("\n".join([head, f"{len(every)} {blobs}", *every]) + "\n", "ascii")
    binary.write_bytes(data)
    return param, binary


def judged(files: tuple[Path, Path], image: torch.Tensor, end: str) -> np.ndarray:
    """Return what ncnn makes of each picture of a batch, in 32-bit floats."""
    runtime = pytest.importorskip("ncnn")
    net = runtime.Net()
    net.opt.num_threads = 1
    for name in ("use_fp16_storage", "use_fp16_arithmetic", "use_fp16_packed", "use_bf16_storage"):
        setattr(net.opt, name, False)
    assert net.load_param(str(files[0])) == 0
    assert net.load_model(str(files[1])) == 0
    made = []
    for one in image.numpy():
        extractor = net.create_extractor()
        extractor.input("data", runtime.Mat(one).clone())
        made.append(np.array(extractor.extract(end)[1]))
    return np.stack(made)


CONV = "Convolution c 1 1 data y 0=5 6=135 1=3 4=1 5=1"
NETS = {
    "convolution": ([CONV], weights(135, half=False) + plain(5)),
    "convolution of 16-bit weights, padded": ([CONV], weights(135, half=True) + plain(5)),
    "convolution without bias": (
        ["Convolution c 1 1 data y 0=4 6=108 1=3 3=2 4=1"], weights(108, half=True)),
    "convolution with uneven padding": (
        ["Convolution c 1 1 data y 0=4 6=72 1=3 11=2 4=0 15=1 14=1 16=2 5=1"],
        weights(72, half=True) + plain(4)),
    "dilated convolution": (
        ["Convolution c 1 1 data y 0=4 6=108 1=3 2=2 4=2 5=1"], weights(108, half=True) + plain(4)),
    "pixel by pixel": (
        ["Convolution c 1 1 data y 0=4 6=12 1=1 5=1"], weights(12, half=True) + plain(4)),
    "leaky convolution": ([CONV + " 9=2 -23310=1,2.0e-01"], weights(135, half=True) + plain(5)),
    "convolution with relu": ([CONV + " 9=1"], weights(135, half=True) + plain(5)),
    "clipped convolution": (
        [CONV + " 9=3 -23310=2,-1.0e-01,5.0e-01"], weights(135, half=True) + plain(5)),
    "convolution with logistic": ([CONV + " 9=4"], weights(135, half=True) + plain(5)),
    "convolution with hard swish": (
        [CONV + " 9=6 -23310=2,1.6666667e-01,5.0e-01"], weights(135, half=True) + plain(5)),
    "deep convolution": (
        ["ConvolutionDepthWise c 1 1 data y 0=3 6=27 7=3 1=3 4=1 5=1"],
        weights(27, half=True) + plain(3)),
    "slopes": (["PReLU p 1 1 data y 0=3"], plain(3)),
    "relu": (["ReLU r 1 1 data y"], b""),
    "leaky relu": (["ReLU r 1 1 data y 0=0.1"], b""),
    "logistic": (["Sigmoid s 1 1 data y"], b""),
    "nearest": (["Interp i 1 1 data y 0=1 1=2.0 2=2.0"], b""),
    "bilinear": (["Interp i 1 1 data y 0=2 1=2.0 2=3.0"], b""),
    "bilinear, corners": (["Interp i 1 1 data y 0=2 1=2.0 2=3.0 6=1"], b""),
    "bicubic, smaller": (["Interp i 1 1 data y 0=3 1=0.5 2=0.75"], b""),
    "shuffled": (
        ["Convolution c 1 1 data m 0=8 6=24 1=1", "PixelShuffle p 1 1 m y 0=2"],
        weights(24, half=True)),
    "branches": (
        ["Split s 1 3 data a b c", "ReLU r 1 1 a d", "BinaryOp m 2 1 b d e 0=2",
         "BinaryOp k 1 1 e f 0=0 1=1 2=0.25", "Concat j 2 1 c f y 0=0"], b""),
    "a weighted sum": (
        ["Split s 1 2 data a b", "ReLU r 1 1 a d",
         "Eltwise w 2 1 b d y 0=1 -23301=2,5.0e-01,2.0e-01"], b""),
    "a product": (["Split s 1 2 data a b", "ReLU r 1 1 a d", "Eltwise w 2 1 b d y 0=0"], b""),
    "the larger": (
        ["Split s 1 2 data a b", "Sigmoid r 1 1 a d", "BinaryOp w 2 1 b d y 0=4"], b""),
}  # fmt: skip


@pytest.mark.parametrize("name", NETS)
def test_a_layer_makes_what_ncnn_makes(name: str, tmp_path: Path) -> None:
    files = written(tmp_path, *NETS[name])
    image = torch.tensor(RANDOM.normal(size=(2, 3, 10, 12)).astype(np.float32))
    kept = image.clone()
    made = ncnn.load(*files)(image).detach().numpy()
    wanted = judged(files, image, "y")
    assert made.shape == wanted.shape
    assert np.abs(made - wanted).max() < 2e-5
    assert torch.equal(image, kept)


@pytest.mark.parametrize(
    "name",
    ["realesr-animevideov3-x2", "realesr-animevideov3-x3", "realesr-animevideov3-x4",
     "realesrgan-x4plus-anime", pytest.param("realesrgan-x4plus", marks=pytest.mark.slow)],
)  # fmt: skip
def test_a_published_network_makes_what_ncnn_makes(name: str, pulled) -> None:
    store = pulled(name)
    card, files = store.card(name), store.files(name)
    y, x = np.mgrid[:16, :24]
    waves = [0.5 + 0.5 * np.sin(0.5 * x + 0.3 * y), (7 * x + 13 * y) % 64 / 63, x / 24]
    image = torch.tensor(np.stack(waves).astype(np.float32)[None])
    network = store.load(name, torch.device("cpu"), torch.float32)
    with torch.inference_mode():
        made = network(image).numpy()
    assert made.shape == (1, 3, 16 * card.scale, 24 * card.scale)
    assert np.abs(made - judged((files[0], files[1]), image, "output")).max() < 1e-4
    assert sum(p.numel() for p in network.parameters()) == card.parameters


@pytest.mark.parametrize(
    ("lines", "data", "head", "words"),
    [
        ([CONV], weights(135, half=True), "7767517", "net.bin ends too early, at byte 276"),
        ([CONV], weights(135, half=True) + plain(6), "7767517", "net.bin: 4 bytes are left over"),
        ([CONV], b"\1\2\3\4" + plain(99), "7767517", "weights of kind 0x04030201 are not known"),
        (["Warp w 1 1 data y"], b"", "7767517", "layer Warp is not known here"),
        (["ReLU r 1 1 nobody y"], b"", "7767517", "nothing makes 'nobody' for 'r'"),
        (["ReLU r 1"], b"", "7767517", "net.param is no ncnn network"),
        (["ReLU r 1 1 data y"], b"", "7767", "it does not begin with 7767517"),
        ([CONV + " 9=9"], weights(135, half=True) + plain(5), "7767517",
         "layer 'c': activation 9 is not known here"),
        (["Interp i 1 1 data y 0=9"], b"", "7767517", "resizing by another rule"),
    ],
)  # fmt: skip
def test_files_that_do_not_fit_are_refused_in_a_line(
    lines: list[str], data: bytes, head: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(ModelError) as caught:
        ncnn.load(*written(tmp_path, lines, data, head))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_ends_that_are_not_there_are_refused(tmp_path: Path) -> None:
    files = written(tmp_path, ["ReLU r 1 1 data y"], b"")
    with pytest.raises(ModelError, match="net.param has no way from 'data' to 'z'"):
        ncnn.load(*files, output="z")
    with pytest.raises(ModelError, match="net.param has no way from 'picture' to 'y'"):
        ncnn.load(*files, input="picture")
