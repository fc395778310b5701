from __future__ import annotations

import ast
from pathlib import Path

import pytest
from packaging.licenses import canonicalize_license_expression

from streamfx.errors import ModelError
from streamfx.models import card as cards
from streamfx.models.card import Source, WeightFile
from streamfx.models.shelf import parse, read, shipped, write

ROOT = Path(__file__).parents[3]
HASH = "05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3"
WHOLE = f"""
title = "People"
task = "matting"
licence = "Apache-2.0"
size = [256, 144]
trained_on = ["a set \\"of\\" pictures"]

[source]
kind = "url"
about = "someone"

[scores]
"IoU, photographs" = 0.93
fast = true

[io]
mean = [0.5]
states = [{{ input = "r1i", output = "r1o" }}]

[[file]]
name = "net.onnx"
sha256 = "{HASH}"
size = 3
urls = ["https://example.org/net.onnx"]
"""


def test_every_shipped_card_can_be_read_and_written_again() -> None:
    found = shipped()
    assert set(found) == {p.stem for p in ROOT.glob("streamfx/models/cards/*.toml")}
    for name, card in found.items():
        assert parse(name, write(card)) == card
        assert card.title
        assert card.task
        assert card.source.about
        assert card.bytes > 0


def test_every_shipped_card_names_a_licence_that_spdx_knows() -> None:
    for card in shipped().values():
        assert canonicalize_license_expression(card.licence) == card.licence


def test_cards_of_one_wheel_agree_about_it() -> None:
    of: dict[str, set[str]] = {}
    for card in shipped().values():
        if card.source.kind == "wheel":
            of.setdefault(card.source.wheel, set()).add(card.source.sha256)
    assert of
    assert all(len(hashes) == 1 for hashes in of.values())


def test_a_card_says_what_its_file_says() -> None:
    card = parse("net", WHOLE)
    assert (card.name, card.title, card.size, card.scale) == ("net", "People", (256, 144), 1)
    assert card.source == Source("url", "someone")
    assert card.files == (WeightFile("net.onnx", HASH, 3, urls=("https://example.org/net.onnx",)),)
    assert (card.sha256, card.bytes) == (HASH, 3)
    assert card.scores["IoU, photographs"] == 0.93
    assert card.io["states"] == [{"input": "r1i", "output": "r1o"}]
    assert parse("net", write(card)) == card


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('licence = "Apache-2.0"\n', "", "licence must be given"),
        ('"Apache-2.0"', '"ask the author"', "licence is an SPDX expression, got 'ask the author'"),
        ("[256, 144]", "[256]", "size.1 must be given"),
        ("[256, 144]", "[256, 0]", "size must be at least 1x1, got (256, 0)"),
        ("size = 3", "size = -3", "net.onnx: size must be at least 0 bytes, got -3"),
        ("size = 3", "weight = 3", "unknown key 'file.0.weight'"),
        ('task = "', 'tusk = "', "unknown key 'tusk'; there are: licence, title, task"),
        (HASH, "05dc", "net.onnx: sha256 is 64 hex digits, got '05dc'"),
        (f'sha256 = "{HASH}"\n', "", "net.onnx needs its sha256"),
        ('kind = "url"', 'kind = "www"', "source.kind must be 'own', 'wheel', 'url' or 'file'"),
        ('kind = "url"', 'kind = "wheel"', "source.package is name==version, got ''"),
        ('urls = ["https://example.org/net.onnx"]', "", "net.onnx needs its urls"),
        ("https://example", "ftp://example", "urls are http(s) addresses, got 'ftp://exam"),
        ('"net.onnx"', '"../net.onnx"', "a file's name is one without folders, got '../net.onnx'"),
        ('title = "People"', "title = People", "is not TOML"),
        ('title = "People"', 'network = "somewhere"', "network is module:Class, got 'somewhere'"),
        ('title = "People"', "scale = 0", "scale must be at least 1, got 0"),
    ],
)
def test_a_bad_card_is_refused_in_one_line(old: str, new: str, words: str) -> None:
    assert old in WHOLE
    with pytest.raises(ModelError) as caught:
        parse("net", WHOLE.replace(old, new, 1))
    assert str(caught.value).startswith("card 'net'")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_name_is_lower_case_and_a_card_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="a model's name is lower-case letters"):
        parse("My Net", WHOLE)
    with pytest.raises(ModelError, match="cannot read the card .*none.toml"):
        read("none", tmp_path / "none.toml")


def test_every_field_has_a_docstring() -> None:
    tree = ast.parse(Path(cards.__file__).read_text("utf-8"))
    bare = [
        f"{cls.name}.{ast.unparse(field)}"
        for cls in tree.body
        if isinstance(cls, ast.ClassDef)
        for field, after in zip(cls.body, cls.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign)
        and not (isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant))
    ]
    assert bare == []
