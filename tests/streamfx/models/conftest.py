"""Fixtures for tests of models."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamfx.models.card import ModelCard, Source, WeightFile
from tests.weights_server import Site, serving


@pytest.fixture
def site() -> Iterator[Site]:
    """Return a web server of the test's own."""
    with serving() as made:
        yield made


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where models go in this test, and forbid nothing."""
    home = tmp_path / "models"
    monkeypatch.setenv("STREAMFX_MODELS", str(home))
    monkeypatch.delenv("STREAMFX_OFFLINE", raising=False)
    return home


def url_card(data: bytes, *urls: str, size: int | None = None) -> ModelCard:
    """Return the card of a model whose one file is ``data``, to be had from ``urls``."""
    digest = hashlib.sha256(data).hexdigest()
    file = WeightFile("net.bin", digest, len(data) if size is None else size, urls=urls)
    return ModelCard("net", "MIT", source=Source("url", "nobody"), files=(file,))
