from __future__ import annotations

import pytest

from streamfx.errors import TargetError
from streamfx.media import containers
from streamfx.media.codecs import CODECS, codec
from streamfx.media.encoders import formats, has_encoder


def test_an_unknown_codec_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(TargetError, match=r"no codec 'divx'; known: h264, hevc, av1, vp9, prores"):
        codec("divx")


def test_every_row_names_containers_that_exist_and_an_encoder_that_is_there() -> None:
    for row in CODECS:
        assert set(row.containers) <= set(containers.BY_NAME), row.name
        assert has_encoder(row.encoder), row.name


def test_every_format_of_a_row_is_one_that_its_encoder_takes() -> None:
    for row in CODECS:
        offered = formats(row.encoder)
        if offered:
            assert set(row.formats) <= set(offered), row.name


def test_rows_grow_into_rows() -> None:
    assert all(codec(name) for row in CODECS for name in row.grows.values())


def test_the_default_codecs_of_a_container_fit_it() -> None:
    for row in containers.CONTAINERS:
        for name in filter(None, (row.codec, row.deep, row.alpha)):
            assert row.name in codec(name).containers, (row.name, name)
