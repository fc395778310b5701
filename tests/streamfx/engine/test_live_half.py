import pytest

from streamfx.engine.live_half import enlarged, half, halved, large_enough
from streamfx.testing import clip, info_of, noise


@pytest.mark.parametrize("size", [(128, 130), (129, 131)])
def test_a_picture_has_half_its_size_and_gets_it_back(size: tuple[int, int]) -> None:
    (frame,) = noise(1, size=size)
    small = halved(frame)
    assert half(info_of([frame])) == info_of([small])  # type: ignore[arg-type]  # frames go in
    assert small.image.mean() == pytest.approx(float(frame.image.mean()), abs=0.01)
    large = enlarged(small, frame.width, frame.height)
    assert large.image.shape == frame.image.shape
    assert (large.pts, large.duration, large.colour) == (frame.pts, frame.duration, frame.colour)


def test_what_is_flat_stays_so() -> None:
    (frame,) = clip(0.3, size=(128, 128), alpha=0.5)
    again = enlarged(halved(frame), 128, 128).image
    assert again[:3].min() == pytest.approx(0.3, abs=1e-5)
    assert again[:3].max() == pytest.approx(0.3, abs=1e-5)
    assert again[3].mean() == pytest.approx(0.5, abs=1e-5)


def test_small_pictures_stay_whole() -> None:
    small, large = clip(0, size=(127, 500))[0], clip(0, size=(128, 128))[0]
    assert (large_enough(small), large_enough(large)) == (False, True)
