import numpy as np


def test_the_clip_shows_in_the_oval_and_the_stage_around_it(example, pictures, tmp_path):
    assert example("graph_two_inputs.py") == "on-stage.mp4: 50 frames of 50\n"
    made, clip = pictures(tmp_path / "on-stage.mp4"), pictures(tmp_path / "clip.mp4")
    assert made.shape == clip.shape
    middle = (slice(None), slice(60, 120), slice(120, 200))
    assert np.abs(made[middle] - clip[middle]).mean() < 4
    left, right = made[:, :8, :8], made[:, :8, -8:]
    assert np.abs(left - 42).max() < 8
    assert np.abs(right - 198).max() < 8
