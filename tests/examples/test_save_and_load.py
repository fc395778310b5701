import tomllib

from tests.shell import streamfx


def test_what_was_saved_is_a_preset_for_python_and_for_the_shell(example, pictures, tmp_path):
    assert example("save_and_load.py") == "Darker and smaller: 25 frames in small.mp4\n"
    table = tomllib.loads((tmp_path / "mine.toml").read_text("utf-8"))
    assert table["title"] == "Darker and smaller"
    assert [node["with"] for node in table["node"]] == [{"stops": -0.5}, {"scale": 0.5}]

    ran = streamfx("render", "mine.toml", "clip.mp4", "shell.mp4", "--quiet", cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    by_python, by_shell = pictures(tmp_path / "small.mp4"), pictures(tmp_path / "shell.mp4")
    assert by_python.shape == (25, 90, 160, 3)
    # x264 on several threads does not encode the same pictures into the same bytes every time.
    assert abs(by_python - by_shell).mean() < 0.5
    assert by_python.mean() < pictures(tmp_path / "clip.mp4").mean() * 0.95
