"""The presets that live sessions may run."""

from pathlib import Path

import pytest

from streamfx.errors import GraphError, SettingError
from streamfx.live.refusal import Refusal
from streamfx.live.sessions.offered import INPUTS, Offer

MINE = 'title = "Mine"\n[[node]]\nid = "lift"\nuse = "adjust.exposure"\n'


def test_every_offered_preset_needs_only_what_a_session_has() -> None:
    offer = Offer()
    names = [offered.name for offered in offer]
    assert "soft-focus" in names
    assert names[:3] == ["webcam-background", "webcam-blur", "webcam-plate"]
    for offered in offer:
        assert set(offered.inputs) <= set(INPUTS)
        assert offered.pipeline().steps is not None
        assert offered.summary()["title"]


def test_named_presets_come_in_their_order_and_alone(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MINE)
    offer = Offer(["identity", str(path)])
    assert [offered.name for offered in offer] == ["identity", "mine"]
    assert offer.first.name == "identity"
    assert offer.find(None).name == "identity"
    assert offer.find("mine").spec.title == "Mine"


def test_a_name_from_the_network_is_no_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MINE)
    offer = Offer(["identity"])
    for name in (str(path), "../mine", "soft-focus"):
        with pytest.raises(Refusal) as caught:
            offer.find(name)
        assert caught.value.status == 404


def test_what_cannot_run_live_is_refused_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "two.toml"
    path.write_text(
        'title = "Two cameras"\n[[node]]\nid = "stage"\nuse = "compose.over"\n'
        'from = { subject = "input.video", background = "input.other" }\n'
    )
    with pytest.raises(SettingError, match="cannot run live"):
        Offer([str(path)])
    with pytest.raises(SettingError, match="holds them back to the end"):
        Offer(["clean-plate"])
    with pytest.raises(SettingError, match="or changes their speed"):
        Offer(["slow-motion-4x"])
    with pytest.raises(GraphError, match="no preset 'nothing'"):
        Offer(["nothing"])


def test_pipelines_of_two_sessions_share_no_node() -> None:
    offered = Offer(["soft-focus"]).first
    one, two = offered.pipeline(), offered.pipeline()
    assert not {id(step.node) for step in one.steps} & {id(step.node) for step in two.steps}


def test_two_files_of_one_name_cannot_both_be_offered(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    for path in (tmp_path / "mine.toml", tmp_path / "other" / "mine.toml"):
        path.write_text(MINE)
    with pytest.raises(SettingError, match="two presets are called 'mine'"):
        Offer([str(tmp_path / "mine.toml"), str(tmp_path / "other" / "mine.toml")])
