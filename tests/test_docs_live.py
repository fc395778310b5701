"""What docs/live.md says is what there is."""

import re
from pathlib import Path
from typing import get_args

import pytest

from streamfx.engine.ladder import RUNGS
from streamfx.live.http import messages, replies
from streamfx.live.http.app import make_app
from streamfx.live.settings import ServeSettings
from tests.streamfx.live.http.fake import FakeHub
from tests.test_readme import parsed

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "live.md"
TEXT = PAGE.read_text("utf-8")
COMMANDS = re.findall(r"^(streamfx serve.*?)$", TEXT, re.MULTILINE)


def types(union):
    """Return the types of the messages of one direction."""
    kinds = get_args(get_args(union)[0])
    return {get_args(kind.model_fields["type"].annotation)[0] for kind in kinds}


def section(title):
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_can_be_given(line):
    assert parsed(line)[0] == "serve"


def test_every_message_of_a_client_is_listed_with_its_fields():
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.*?) \|", section("The control socket"), re.M))
    del rows["type"]  # the head of the table
    assert set(rows) == types(messages.FromClient)
    for kind in get_args(get_args(messages.FromClient)[0]):
        fields = set(kind.model_fields) - {"type"}
        row = rows[get_args(kind.model_fields["type"].annotation)[0]]
        assert fields <= set(re.findall(r"`([a-z]+)`", row)), row


def test_every_message_of_the_server_is_named():
    named = set(re.findall(r"`([a-z0-9_-]+)`", section("The control socket")))
    assert types(replies.FromServer) <= named
    for kind in (replies.Welcome, replies.Stats, replies.Error):
        assert set(kind.model_fields) <= named


def test_every_endpoint_is_listed(tmp_path):
    listed = section("HTTP").replace("\\|", "|")
    for path, methods in make_app(FakeHub(tmp_path), ServeSettings()).openapi()["paths"].items():
        either = re.sub("^/wh[ie]p/", "/whip|whep/", path).replace("{resource}", "{id}")
        for method in methods:
            verb = method.upper()
            assert f"`{verb} {path}" in listed or f"`{verb} {either}`" in listed, path


def test_every_rung_of_the_ladder_is_explained():
    rows = re.findall(r"^\| `([a-z]+)` \| ", section("What happens to a picture"), re.M)
    assert tuple(rows) == RUNGS


def test_every_link_leads_somewhere():
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        path, _, anchor = target.partition("#")
        page = (PAGE.parent / path).resolve() if path else PAGE
        assert page.exists(), target
        if anchor:
            heads = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.M)
            slugs = {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}
            assert anchor in slugs, target
