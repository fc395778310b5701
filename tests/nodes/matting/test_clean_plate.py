from fractions import Fraction

import pytest

from streamfx.errors import ModelError, NodeError
from streamfx.frame import Frame, VideoInfo
from streamfx.models.store import ModelStore
from streamfx.nodes.matting import CleanPlate
from streamfx.testing import context, noise, run
from tests.nodes.matting.people import store
from tests.nodes.matting.test_plate_builder import wall

STEP = Fraction(1, 5)


def shot(count: int, *, first: int = 0, somebody: float = 0.98, seed: int = 3) -> list[Frame]:
    """Return a dark wall that somebody bright walks along, five pictures a second."""
    scene = wall((96, 128), seed) * 0.4
    frames = []
    for number in range(first, first + count):
        image = scene.clone()
        left = 9 * (number - first)
        image[:, 30:, left : left + 24] = somebody
        frames.append(Frame(image, number * STEP, STEP))
    return frames


def made(frames: list[Frame], models: ModelStore | None = None, **params) -> list[Frame]:
    return run(CleanPlate(**params), context(models or store()), frame=frames)


def unknown(frame: Frame) -> float:
    share = frame.props.notes["unknown"]
    assert isinstance(share, float)
    return share


@pytest.mark.parametrize("people", ["find", "ignore"])
def test_the_room_is_empty_and_lasts_as_long_as_the_shot(people):
    (out,) = made(shot(12), people=people)
    assert (out.pts, out.duration) == (0, 12 * STEP)
    assert (out.image - wall((96, 128)) * 0.4).abs().mean() < 0.01
    assert not out.alpha


def test_each_shot_has_its_own():
    second = shot(6, first=8, seed=9)
    second[0] = second[0].marked(cut=True)
    one, two = made([*shot(8), *second])
    assert one.end == two.pts == 8 * STEP
    assert two.image.equal(made(second)[0].image)


def test_what_was_never_free_is_noted():
    still = [frame.at(n * STEP) for n, frame in enumerate(shot(1) * 5)]
    (out,) = made(still, people="find")
    assert 0.1 < unknown(out) < 0.4
    (out,) = made(shot(12), people="find")
    assert unknown(out) < 0.02


def test_a_picture_is_looked_at_now_and_then():
    looked = []

    class Counts(CleanPlate):
        def _somebody(self, image):
            looked.append(image)

    run(Counts(every=0.6, people="ignore"), frame=shot(10))
    assert len(looked) == 4


def test_a_camera_that_moves_ends_the_run_with_what_was_found():
    scene = wall((96, 400))
    frames = [
        Frame(scene[:, :, 8 * n : 8 * n + 128].contiguous(), n * STEP, STEP) for n in range(30)
    ]
    with pytest.raises(NodeError, match=r"at 1\.800 s: the camera moves: in \d of 10 pictures"):
        made(frames, people="ignore")
    with pytest.raises(NodeError, match=r"the camera moves: in \d of 6 pictures"):
        made(frames[:6], people="ignore")


def test_without_the_network_movement_alone_tells_unless_people_must_be_found(caplog):
    nothing = ModelStore()
    (out,) = made(shot(12), nothing)
    assert (out.image - wall((96, 128)) * 0.4).abs().mean() < 0.01
    assert "people are not looked for" in caplog.text
    with pytest.raises(ModelError):
        made(shot(2), nothing, people="find")
    assert CleanPlate().wants()
    assert CleanPlate(people="ignore").wants() == ()


@pytest.mark.parametrize("frames", [40, None])
def test_one_picture_is_planned_which_comes_at_the_end(frames):
    plan = CleanPlate().plan(VideoInfo(64, 48, Fraction(10), alpha=True, frames=frames))
    assert plan.frames == 1
    assert not plan.alpha
    assert plan.latency == (4 if frames else 0)
    assert plan.variable == (frames is None)


def test_alpha_that_comes_in_does_not_matter():
    frames = noise(3, size=(24, 32), alpha=True)
    assert made(frames, people="ignore")[0].image.shape == (3, 24, 32)


def test_nothing_in_is_nothing_out():
    node = CleanPlate(people="ignore")
    node.open(context())
    assert list(node.flush()) == []
    node.close()
