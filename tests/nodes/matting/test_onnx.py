import hashlib
import pickle
from collections.abc import Callable
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from streamfx import Frame, GraphError, NodeError, ParamError, VideoInfo
from streamfx.errors import ModelError
from streamfx.models.onnx import opened
from streamfx.models.store import ModelStore
from streamfx.nodes.matting.onnx import Onnx
from streamfx.testing import clip, context, noise, run
from tests.clips import FOOTAGE
from tests.networks import (
    HALF,
    PLAIN_CARD,
    PLATE_CARD,
    RECURRENT_CARD,
    TWO_CARD,
    carded,
    plain,
    recurrent,
    two_classes,
    with_plate,
)

TALK = FOOTAGE / "matting" / "webcam_talk_53s.mp4"


@pytest.fixture
def video(tmp_path: Path) -> str:
    """Return a recurrent network that lies beside its card."""
    return carded(recurrent(tmp_path / "video.onnx"), RECURRENT_CARD)


@pytest.fixture
def photo(tmp_path: Path) -> str:
    """Return a network for single pictures that lies beside its card."""
    return carded(plain(tmp_path / "photo.onnx"), PLAIN_CARD)


def levels(frames: list[Frame]) -> list[float]:
    """Return the mean of each matte."""
    return [round(float(frame.image[3].mean()), 4) for frame in frames]


def test_the_matte_and_the_foreground_are_the_networks(video: str, device: torch.device) -> None:
    (frame,) = noise(1, device=device)
    (out,) = run(Onnx(model=video), context(device=device), frame=[frame])
    assert out.image.device.type == device.type
    torch.testing.assert_close(out.image[3], frame.image[:2].mean(0) / 2)
    torch.testing.assert_close(out.image[:3], frame.image * 0.9)


def test_a_frame_remembers_the_one_before(video: str) -> None:
    assert levels(run(Onnx(model=video), frame=clip(0.8, 0.8, 0.8, 0.0))) == [0.4, 0.6, 0.7, 0.35]


def test_a_cut_forgets_the_shot_before(video: str) -> None:
    frames = clip(0.8, 0.8, 0.8, 0.8)
    frames[2] = frames[2].marked(cut=True)
    assert levels(run(Onnx(model=video), frame=frames)) == [0.4, 0.6, 0.4, 0.6]


def test_two_streams_of_one_network_do_not_mix(video: str) -> None:
    first, second = Onnx(model=video), Onnx(model=video)
    first.open(context())
    second.open(context())
    bright, dark = clip(0.8, size=(4, 4)), clip(0.0, size=(4, 4))
    made = [first.process(bright[0]), second.process(dark[0]), first.process(bright[0])]
    assert levels(made) == [0.4, 0.0, 0.6]
    assert first._stream._run.session is second._stream._run.session


def test_another_size_starts_anew(video: str) -> None:
    node = Onnx(model=video)
    node.open(context())
    sizes = [(4, 6), (4, 6), (6, 4)]
    assert levels([node.process(*clip(0.8, size=size)) for size in sizes]) == [0.4, 0.6, 0.4]


def ratio(node: Onnx) -> float:
    """Return the downsample ratio that the network was last fed with."""
    value = node._stream._run._past["r4i"].value
    return float(value.numpy().flat[0])


@pytest.mark.parametrize(
    ("size", "wanted"), [((270, 480), 1.0), ((64, 1024), 0.5), ((2048, 64), 0.25)]
)
def test_the_downsample_ratio_follows_the_longer_side(
    video: str, size: tuple[int, int], wanted: float
) -> None:
    node = Onnx(model=video)
    node.open(context())
    node.process(*clip(0.5, size=size))
    assert ratio(node) == wanted


def test_the_downsample_ratio_can_be_given_and_changed_live(video: str) -> None:
    node = Onnx(model=video, downsample=0.375)
    node.open(context())
    made = [node.process(*clip(0.8))]
    assert ratio(node) == pytest.approx(0.375)
    node.downsample = 0.75
    made.append(node.process(*clip(0.8)))
    assert ratio(node) == pytest.approx(0.75)
    assert levels(made) == [0.4, 0.4]  # states of another size are void


def test_half_precision_goes_in_and_comes_out(tmp_path: Path) -> None:
    model = carded(recurrent(tmp_path / "half.onnx", HALF), RECURRENT_CARD)
    (frame,) = noise(1)
    (out,) = run(Onnx(model=model), frame=[frame])
    assert out.image.dtype == torch.float32
    torch.testing.assert_close(out.image[3], frame.image[:2].mean(0) / 2, atol=1e-3, rtol=0)


def test_a_network_of_its_own_size_sees_the_picture_at_that_size(photo: str) -> None:
    seen: list[torch.Size] = []
    node = Onnx(model=photo)
    node.open(context())
    ready = node._stream._made_ready

    def noted(image, size):
        made = ready(image, size)
        seen.append(made.shape)
        return made

    node._stream._made_ready = noted  # type: ignore[method-assign]  # it notes, and goes on
    for size in ((32, 64), (90, 50), (8, 8)):
        (frame,) = noise(1, size=size)
        assert node.process(frame).image.shape == (4, *size)
    assert [tuple(shape[2:]) for shape in seen] == [(16, 32), (28, 16), (16, 16)]


def test_its_matte_is_that_of_the_runtime_alone(photo: str) -> None:
    (frame,) = noise(1, size=(16, 24))  # a size that it takes as it is
    (out,) = run(Onnx(model=photo), frame=[frame])
    session = opened(Path(photo), torch.device("cpu")).session
    (alpha,) = session.run(["output"], {"input": frame.image[None].numpy() * 2 - 1})
    np.testing.assert_allclose(out.image[3], alpha[0, 0], atol=1e-6)
    np.testing.assert_allclose(out.image[3], frame.image[0], atol=1e-6)


def test_a_smaller_matte_gets_the_edges_of_the_picture(photo: str) -> None:
    picture = torch.zeros(3, 96, 144)
    picture[0, 13:58, 37:101] = 1  # no multiple of the scale, which is 6
    (out,) = run(Onnx(model=photo), frame=[Frame(picture, Fraction(0), Fraction(1))])
    seen = torch.nn.functional.interpolate(picture[None, :1], (16, 24), mode="area")
    blurred = torch.nn.functional.interpolate(seen, (96, 144), mode="bilinear")[0, 0]
    off, before = ((alpha - picture[0]).abs().mean() for alpha in (out.image[3], blurred))
    assert off < before / 4


def test_colours_are_the_subjects_own_where_the_network_gives_none(photo: str) -> None:
    orange, blue = torch.tensor([[1, 0.5, 0], [0, 0.5, 1.0]])[:, :, None, None]
    cover = torch.zeros(1, 16, 32)
    cover[:, :, 14:] = 1
    cover = torch.nn.functional.avg_pool2d(cover[None], (1, 7), 1, (0, 3))[0]
    cover[:, :, -3:] = 1
    picture = orange * cover + blue * (1 - cover)  # its red is its matte
    (out,) = run(Onnx(model=photo), frame=[Frame(picture, Fraction(0), Fraction(1))])
    half = (cover[0] > 0.2) & (cover[0] < 0.9)
    torch.testing.assert_close(out.image[3], cover[0])
    off, before = ((image - orange)[:, half].abs().mean() for image in (out.image[:3], picture))
    assert off < before / 5


def test_a_file_made_for_one_size_gets_that_size(tmp_path: Path) -> None:
    card = PLAIN_CARD.replace("shorter = 16\n", "")
    model = carded(plain(tmp_path / "fixed.onnx", (16, 16)), card)
    red = torch.zeros(3, 32, 48)
    red[0, :, :24] = 1
    (out,) = run(Onnx(model=model), frame=[Frame(red, Fraction(0), Fraction(1))])
    assert out.image.shape == (4, 32, 48)
    assert out.image[3, :, :20].min() > 0.95
    assert out.image[3, :, 28:].max() < 0.05


def test_channels_axes_and_classes_are_as_the_card_says(tmp_path: Path) -> None:
    model = carded(two_classes(tmp_path / "two.onnx"), TWO_CARD)
    image = torch.zeros(3, 8, 8)
    image[2, :, :4] = 1  # blue is the subject
    image[0, :, 4:] = 1
    (out,) = run(Onnx(model=model), frame=[Frame(image, Fraction(0), Fraction(1))])
    assert out.image[3, :, :4].min() > 0.99
    assert out.image[3, :, 4:].max() < 0.01


def test_a_network_that_wants_a_plate_gets_it(tmp_path: Path) -> None:
    model = carded(with_plate(tmp_path / "plate.onnx"), PLATE_CARD)
    (out,) = run(Onnx(model=model), frame=clip(0.9), plate=clip(0.2))
    assert levels([out]) == [0.7]
    with pytest.raises(GraphError, match="needs a clean plate: wire one to the port 'plate'"):
        run(Onnx(model=model), frame=clip(0.9))


def test_a_plate_for_a_network_that_looks_at_none_is_refused(video: str) -> None:
    with pytest.raises(GraphError, match="looks at no plate: leave the port 'plate' free"):
        run(Onnx(model=video), frame=clip(0.9), plate=clip(0.2))


def test_what_was_transparent_stays_so(video: str) -> None:
    (out,) = run(Onnx(model=video), frame=clip(0.8, alpha=0.5))
    assert levels([out]) == [0.2]


def test_the_last_matte_is_used_again_where_time_is_short(video: str) -> None:
    node = Onnx(model=video)
    node.open(context())
    first, second = noise(2)
    assert node.reuse(first) is None
    made = node.process(first)
    again = node.reuse(second)
    assert again is not None
    assert again.pts == second.pts
    assert again.image[3].equal(made.image[3])
    assert again.image[:3].equal(second.image)
    assert node.reuse(*noise(1, size=(8, 8))) is None


def test_a_card_may_lie_elsewhere_or_be_what_is_named(tmp_path: Path) -> None:
    path = recurrent(tmp_path / "a.onnx")
    card = tmp_path / "cards" / "mine.toml"
    card.parent.mkdir()
    card.write_text(RECURRENT_CARD)
    assert levels(run(Onnx(model=str(path), card=str(card)), frame=clip(0.8))) == [0.4]
    named = tmp_path / "b.toml"
    named.write_text(RECURRENT_CARD + '[[file]]\nname = "a.onnx"\n')
    assert levels(run(Onnx(model=str(named)), frame=clip(0.8))) == [0.4]


def test_a_file_that_is_not_the_one_that_its_card_means_is_refused(tmp_path: Path) -> None:
    path = recurrent(tmp_path / "a.onnx")
    right = hashlib.sha256(path.read_bytes()).hexdigest()
    entry = '[[file]]\nname = "a.onnx"\nsha256 = "{}"\n'
    model = carded(path, RECURRENT_CARD + entry.format(right))
    assert levels(run(Onnx(model=model), frame=clip(0.8))) == [0.4]
    carded(path, RECURRENT_CARD + entry.format("0" * 64))
    with pytest.raises(
        ModelError, match="a.onnx is not the known file: expected SHA-256 0+, got [0-9a-f]{64}$"
    ):
        run(Onnx(model=model), frame=clip(0.8))


CARDS = [
    ("licence", "lizenz", "unknown key 'lizenz'"),
    ('image = "src"', 'image = "src", picture = "x"', "key 'inputs.picture'; there are: image"),
    ('alpha = "pha", ', "", "outputs.alpha must be given"),
    ('"pha"', '"alpha"', "video.onnx has no output 'alpha'; there are: fgr, pha, r1o"),
    ('"src"', '"image"', "video.onnx has no input 'image'; there are: src, r1i"),
    (', ["r4i", "r4o"]', "", "wants an input 'r4i', which its card does not name"),
    ('foreground = "fgr"', 'foreground = "r1o"', "r1o must have 3 channels, it has 1"),
    ("[io]", "[io]\nchannel = 1", "pha has 1 channels, none is number 1"),
    ("[io]", "[io]\nchannel = -1", "channel must be greater than or equal to 0, got -1"),
    ("[io]", "[io]\nstd = [1.0, 0.0, 1.0]", "std must be anything but 0, got"),
    ("[io]", '[io]\nlayout = "nhwc"', "src is no picture, nhwc, but float32 (1, 3, any, any)"),
    ("[io]", '[io]\norder = "grb"', "order must be 'rgb' or 'bgr', got 'grb'"),
    ("[io]", "[oi]", "unknown key 'oi'"),
]


@pytest.mark.parametrize(("old", "new", "said"), CARDS)
def test_what_is_wrong_with_a_card_is_one_line(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in RECURRENT_CARD
    model = carded(recurrent(tmp_path / "video.onnx"), RECURRENT_CARD.replace(old, new))
    with pytest.raises((GraphError, NodeError, ModelError)) as caught:
        run(Onnx(model=model), frame=clip(0.8))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_or_card_is_one_line_before_a_frame_is_touched(tmp_path: Path) -> None:
    path = tmp_path / "mine.onnx"
    with pytest.raises(GraphError, match=r"no card .*mine.toml: it says how to feed mine.onnx"):
        run(Onnx(model=str(path)), frame=clip(0.8))
    carded(path, RECURRENT_CARD)
    with pytest.raises(GraphError, match=r"no file .*mine.onnx"):
        run(Onnx(model=str(path)), frame=clip(0.8))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no network", pickle.dumps({"w": [1.0]})])
def test_a_file_that_is_no_network_is_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"^.*odd.onnx is no ONNX network that can be run[^\n]*$"):
        run(Onnx(model=carded(path, RECURRENT_CARD)), frame=clip(0.8))


def test_an_unknown_name_lists_those_that_there_are() -> None:
    with pytest.raises(GraphError, match="no ONNX network 'rwm'; there are: modnet, rvm-mob"):
        run(Onnx(model="rwm"), frame=clip(0.8))
    with pytest.raises(GraphError, match="card goes with a file of your own"):
        run(Onnx(model="modnet", card="mine.toml"), frame=clip(0.8))


def test_the_model_must_be_given() -> None:
    with pytest.raises(ParamError, match="model must be given"):
        Onnx(**{})


def test_a_ratio_for_a_network_without_is_refused(photo: str) -> None:
    with pytest.raises(GraphError, match="cannot look at a smaller picture first"):
        run(Onnx(model=photo, downsample=0.5), frame=clip(0.8))


def test_a_missing_runtime_is_said_before_a_frame_is_touched(
    video: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamfx.nodes.matting.onnx.installed", lambda: False)
    with pytest.raises(GraphError, match=r"pip install 'streamfx\[onnx\]'"):
        run(Onnx(model=video), frame=clip(0.8))


@pytest.mark.parametrize(
    "name", ["modnet", "rvm-mobilenetv3", "rvm-mobilenetv3-fp16", "rvm-resnet50"]
)
def test_the_shipped_cards_say_what_the_node_wants(name: str) -> None:
    node = Onnx(model=name)
    assert node.wants() == (name,)
    assert node.plan(VideoInfo(64, 48, Fraction(25))).alpha


@pytest.mark.skipif(not TALK.exists(), reason="no footage")
def test_robust_video_matting_finds_a_person_as_the_runtime_alone_does(
    pulled: Callable[..., ModelStore],
) -> None:
    store = pulled("rvm-mobilenetv3")
    with av.open(str(TALK)) as container:
        decoded = islice(container.decode(video=0), 4)
        pictures = [frame.to_ndarray(format="rgb24") for frame in decoded]
    images = [torch.from_numpy(picture).permute(2, 0, 1).float() / 255 for picture in pictures]
    frames = [Frame(image, Fraction(i, 25), Fraction(1, 25)) for i, image in enumerate(images)]
    made = run(Onnx(model="rvm-mobilenetv3"), context(store), frame=frames)
    session = opened(store.path("rvm-mobilenetv3"), torch.device("cpu")).session
    past = [np.zeros((1, 1, 1, 1), np.float32)] * 4
    for out, image in zip(made, images, strict=True):
        fed = {"src": image[None].numpy(), "downsample_ratio": np.ones(1, np.float32)}
        fed |= {f"r{i + 1}i": value for i, value in enumerate(past)}
        alpha, colour, *past = session.run(["pha", "fgr", "r1o", "r2o", "r3o", "r4o"], fed)
        np.testing.assert_allclose(out.image[3], alpha[0, 0], atol=1e-6)
        np.testing.assert_allclose(out.image[:3], colour[0], atol=1e-6)
    alpha = made[-1].image[3]
    assert alpha[:60].max() < 0.05  # the wall
    assert alpha[120:220, 180:240].min() > 0.95  # the face
