from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from streamfx.models import shelf
from streamfx.models.card import ModelCard, Source, WeightFile
from tests.clips import cached
from tests.shell import Run
from tests.weights_server import Site, serving

DATA = b"weights" * 1000
NODE = """
from streamfx import Context, Frame, Node

class Wanting(Node):
    \"\"\"Want a model.\"\"\"

    def wants(self):
        return ("far",)

    def open(self, ctx: Context) -> None:
        self._size = ctx.models.path("far").stat().st_size

    def process(self, frame: Frame) -> Frame:
        return frame
"""


@pytest.fixture
def shelved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Put one model on the shelf, which a server of the test's own has; yield the server."""
    monkeypatch.setenv("STREAMFX_MODELS", str(tmp_path / "models"))
    monkeypatch.delenv("STREAMFX_OFFLINE", raising=False)
    with serving() as site:
        site.files["/far"] = DATA
        file = WeightFile(
            "far.bin", hashlib.sha256(DATA).hexdigest(), len(DATA), urls=(f"{site.url}/far",)
        )
        card = ModelCard(
            "far", "MIT", "Far away", "matting", Source("url", "someone"), (file,),
            scores={"IoU": 0.9}, io={"outputs": {"mask": "y"}},
        )  # fmt: skip
        monkeypatch.setattr(shelf, "shipped", lambda: {"far": card})
        (tmp_path / "wanting.py").write_text(NODE)
        (tmp_path / "g.toml").write_text('title = "g"\n[[node]]\nuse = "wanting.wanting"\n')
        yield site


def graph(folder: Path) -> tuple[str, ...]:
    return str(folder / "g.toml"), "--nodes", str(folder / "wanting.py")


def test_the_list_says_what_for_how_large_and_where(run: Run, shelved: Site) -> None:
    for words in (("models",), ("models", "list")):
        ran = run(*words)
        assert (ran.code, ran.err) == (0, "")
        for part in ("far", "matting", "7 kB", "MIT", "url", "not pulled", "Far away"):
            assert part in ran.out
    (entry,) = json.loads(run("models", "list", "--json").out)["models"]
    assert (entry["name"], entry["bytes"], entry["state"]) == ("far", 7000, "not pulled")


def test_a_pull_says_size_and_licence_first_and_the_list_knows_it_then(
    run: Run, shelved: Site
) -> None:
    ran = run("models", "pull", "far")
    assert ran.code == 0
    assert ran.err == "pulling far: far.bin (7 kB, licence MIT)\n"
    assert ran.out == "Here and verified: far\n"
    assert "here" in run("models").out
    assert run("models", "pull", "--all").err == ""
    assert len(shelved.asked) == 1


def test_a_program_hears_of_a_pull_in_events(run: Run, shelved: Site) -> None:
    ran = run("models", "pull", "far", "--json")
    events = [json.loads(line) for line in ran.out.splitlines()]
    assert [event["event"] for event in events] == ["pull", "pull", "pulled"]
    assert (events[0]["bytes"], events[0]["of"], events[0]["licence"]) == (0, 7000, "MIT")


def test_a_graph_s_models_are_pulled_by_its_preset(run: Run, shelved: Site, tmp_path: Path) -> None:
    preset, *more = graph(tmp_path)
    assert run("models", "pull", "--preset", preset, *more).out == "Here and verified: far\n"
    ran = run("models", "pull", "--preset", "identity")
    assert ran.out == "Here and verified: nothing, and nothing is needed\n"


def test_a_pull_takes_one_way_of_saying_what(run: Run, shelved: Site) -> None:
    for words in ((), ("far", "--all"), ("--all", "--preset", "identity")):
        assert "takes names, --all or --preset PRESET" in run("models", "pull", *words).refused(2)
    assert "no model 'near'; there are: far" in run("models", "pull", "near").refused(1)


def test_a_broken_model_is_found_and_what_mends_it_is_said(
    run: Run, shelved: Site, tmp_path: Path
) -> None:
    assert run("models", "verify").out == "no model is here\n"
    assert run("models", "verify", "far").code == 1
    run("models", "pull", "far")
    assert run("models", "verify").out == "far is as its card says\n"
    (tmp_path / "models" / "far" / "far.bin").write_bytes(bytes(7000))
    ran = run("models", "verify")
    assert ran.code == 1
    assert "expected SHA-256" in ran.out
    assert "streamfx models pull far fetches it again" in ran.out
    found = json.loads(run("models", "verify", "--json").out)
    assert (found["healthy"], found["models"][0]["name"]) == (False, "far")
    run("models", "pull", "far")
    assert run("models", "verify").code == 0


def test_a_card_says_everything(run: Run, shelved: Site) -> None:
    ran = run("models", "card", "far")
    for part in ("Far away", "MIT", "someone", "/far", "scores.IoU", "0.9", "io.outputs.mask"):
        assert part in ran.out
    found = json.loads(run("models", "card", "far", "--json").out)
    assert found["scores"] == {"IoU": 0.9}
    assert found["files"][0]["name"] == "far.bin"


def test_explain_pulls_nothing_and_says_what_a_render_would(
    run: Run, shelved: Site, tmp_path: Path
) -> None:
    preset, *more = graph(tmp_path)
    clip = cached("cli.mp4", frames=25, audio=("aac",))
    ran = run("explain", preset, clip, *more)
    assert ran.code == 0
    assert "far, licence MIT, not pulled (7 kB)" in ran.out
    assert "streamfx models pull far" in ran.out
    assert shelved.asked == []
    run("models", "pull", "far")
    ran = run("explain", preset, clip, *more)
    assert "far, licence MIT, here" in ran.out
    assert "measured on 16 frames" in ran.out
    found = json.loads(run("explain", preset, clip, *more, "--json").out)
    assert found["models"] == [{"name": "far", "licence": "MIT", "here": True, "size": 7000}]


def test_a_render_pulls_what_it_needs_unless_it_may_not(
    run: Run, shelved: Site, tmp_path: Path
) -> None:
    preset, *more = graph(tmp_path)
    clip, out = cached("cli.mp4", frames=25, audio=("aac",)), tmp_path / "out.mp4"
    words = run("render", preset, clip, out, *more, "--offline").refused(1)
    assert "run streamfx models pull far first" in words
    assert not out.exists()
    ran = run("render", preset, clip, out, *more)
    assert ran.code == 0
    assert "pulling far: far.bin (7 kB, licence MIT)" in ran.err
    assert run("render", preset, clip, out, *more, "--offline", "--overwrite").code == 0
