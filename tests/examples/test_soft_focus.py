import numpy as np

import streamfx as fx


def detail(pictures):
    return np.abs(np.diff(pictures, axis=2)).mean()


def test_the_picture_gets_softer_and_the_graph_is_kept(example, pictures, tmp_path):
    lines = example("soft_focus.py").splitlines()
    assert lines[0].startswith("100 frames, ")
    assert lines[1].startswith("480 x 270, (3, 270, 480) on ")
    clip, soft = pictures(tmp_path / "in.mp4")[:25], pictures(tmp_path / "soft.mp4")[:25]
    assert 0.4 < detail(soft) / detail(clip) < 0.8
    loaded = fx.Graph.load(tmp_path / "soft.toml")
    assert [node.use for node in loaded.spec.nodes] == ["compose.blur", "compose.over"]
