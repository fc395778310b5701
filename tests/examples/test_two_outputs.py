def test_picture_and_matte_belong_together(example, pictures, tmp_path):
    assert example("two_outputs.py") == "25 frames in bright.mp4, as many in matte.mkv\n"
    bright, matte = pictures(tmp_path / "bright.mp4"), pictures(tmp_path / "matte.mkv")
    assert bright.shape == matte.shape == (25, 180, 320, 3)
    inside = matte.mean(axis=-1) > 250
    outside = matte.mean(axis=-1) < 5
    assert 0.01 < inside.mean() < 0.9
    assert bright[inside].mean() > 150
    assert bright[outside].mean() < 20
