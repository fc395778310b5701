"""Each pack hands out all of its nodes."""

import importlib

import pytest

from streamfx.catalog import Catalog

CATALOG = Catalog.shipped()
PACKS = sorted({name.partition(".")[0] for name in CATALOG})


def test_nothing_is_broken() -> None:
    assert CATALOG.broken == {}


@pytest.mark.parametrize("pack", PACKS)
def test_a_pack_exports_every_node_in_it(pack: str) -> None:
    package = importlib.import_module(f"streamfx.nodes.{pack}")
    there = {CATALOG[name] for name in CATALOG if name.startswith(f"{pack}.")}
    assert {getattr(package, name) for name in package.__all__} == there
    assert list(package.__all__) == sorted(package.__all__)
