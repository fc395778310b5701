from pathlib import Path

import cv2
import numpy as np
import pytest

from streamfx.train import people_pool
from tests.streamfx.train.people import find


def soften(picture, trimap):
    return np.asarray(cv2.GaussianBlur(trimap.astype(np.float32) / 255, (0, 0), 1))


def drawn(folder: Path, count: int = 6) -> Path:
    """Write photos of one bright person each, and the labels of her parts; one is a crowd."""
    photos, labels = folder / "matting/more/street_people/image", None
    labels = photos.parent / "labels"
    photos.mkdir(parents=True)
    labels.mkdir()
    for n in range(count):
        picture = np.full((200, 300, 3), 30, np.uint8)
        parts = np.zeros((200, 300), np.uint8)
        picture[40:180, 130:170] = 200
        parts[40:180, 130:170] = 41
        parts[40:60, 130:170] = 19
        if n == 3:
            picture[60:160, 20:60] = 200
        cv2.imwrite(str(photos / f"{n:04}.jpg"), picture)
        cv2.imwrite(str(labels / f"{n:04}.png"), parts)
    return folder


def test_photos_become_subjects_and_the_scene_beside_them(tmp_path):
    rng = np.random.default_rng(0)
    people = people_pool.gather(drawn(tmp_path), rng, soften, find, scenes=2)
    assert len(people.photographed) == 4  # the first and the sixth are held back
    subject = people.photographed[0]
    assert subject.alphas[0][100, 150] == 255 and subject.alphas[0][100, 20] == 0
    assert abs(int(subject.colours[0][100, 126].mean()) - 200) < 8  # hers, also beside her
    assert not people.filmed
    beside = [scene for scene in people.scenes if scene.max() < 60]
    assert len(beside) >= 3


def test_a_crowd_of_which_one_was_drawn_is_no_truth_as_it_was_taken(tmp_path):
    people = people_pool.gather(drawn(tmp_path), np.random.default_rng(0), soften, find, 2)
    assert len(people.taken) == 3
    assert len(people.photographed) == 4


def test_every_fifth_photo_is_held_back():
    paths = [Path(f"{n:04}.jpg") for n in range(12)]
    assert [path.stem for path in people_pool.held_back(paths[::-1])] == ["0000", "0005", "0010"]


def test_a_trimap_is_wide_along_hair_and_narrow_along_the_rest():
    parts = np.zeros((120, 120), np.uint8)
    parts[40:100, 40:80] = 41
    parts[40:60, 40:80] = 19
    made = people_pool.trimap(parts)
    assert set(np.unique(made)) == {0, 128, 255}
    assert made[70, 60] == 255 and made[5, 5] == 0
    assert np.count_nonzero(made[:40, 60] == 128) > np.count_nonzero(made[100:, 60] == 128)


@pytest.mark.parametrize("name", ["matting/greenscreen_head.mp4"])
def test_a_keyed_clip_becomes_a_subject_in_motion(name):
    footage = Path(__file__).parents[4] / "shared" / "footage"
    if not (footage / name).exists():
        pytest.skip("no footage beside the checkout")
    found = next(people_pool.filmed(footage, most=3))
    assert len(found.alphas) == 3
    alpha = found.alphas[0] / 255
    assert 0.3 < alpha.mean() < 0.7
    assert ((alpha > 0.05) & (alpha < 0.95)).mean() < 0.1
    assert found.colours[0][alpha > 0.1].max(-1).mean() > 40
