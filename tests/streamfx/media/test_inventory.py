from dataclasses import replace

import av
import pytest

from streamfx.media import inventory
from streamfx.media.codecs import BY_NAME, CODECS, Codec
from streamfx.media.encoders import has_encoder


def test_the_versions_name_pyav_ffmpeg_and_its_libraries() -> None:
    found = inventory.versions()
    assert found["PyAV"] == av.__version__
    assert found["FFmpeg"]
    assert found["libavcodec"].count(".") == 2


@pytest.mark.parametrize("row", CODECS, ids=lambda row: row.name)
def test_every_codec_that_is_built_in_encodes_and_decodes(row: Codec) -> None:
    if not has_encoder(row.encoder):
        pytest.skip("not built in here")
    assert inventory.try_codec(row) == ""


def test_an_encoder_that_is_not_built_in_is_named() -> None:
    row = replace(BY_NAME["h264"], encoder="libnothing")
    assert inventory.try_codec(row) == "FFmpeg was built without libnothing"


def test_an_encoder_that_refuses_its_settings_is_a_sentence_not_a_crash() -> None:
    row = replace(BY_NAME["ffv1"], formats=("no-such-format",))
    assert inventory.try_codec(row).startswith("ffv1 does not work: ")


def test_every_nvenc_encoder_of_the_table_is_tried() -> None:
    assert set(inventory.try_nvenc()) == {"h264_nvenc", "hevc_nvenc", "av1_nvenc"}
