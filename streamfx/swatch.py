"""Flat colours as people write them: ``#ff8000``, ``orange``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated

import torch
from pydantic import AfterValidator

from streamfx.colour import Colour, from_linear, to_linear

NAMES = {
    "black": "#000000",
    "white": "#ffffff",
    "grey": "#808080",
    "gray": "#808080",
    "silver": "#c0c0c0",
    "red": "#ff0000",
    "green": "#008000",
    "lime": "#00ff00",
    "blue": "#0000ff",
    "navy": "#000080",
    "cyan": "#00ffff",
    "magenta": "#ff00ff",
    "yellow": "#ffff00",
    "orange": "#ffa500",
    "purple": "#800080",
    "brown": "#a52a2a",
    "pink": "#ffc0cb",
}
"""The names that may be used, as in CSS (where green is dark, and lime is the screen's own)."""

_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)

_BT709_TO_BT2020 = ((0.6274, 0.3293, 0.0433), (0.0691, 0.9195, 0.0114), (0.0164, 0.0880, 0.8956))
"""ITU-R BT.2087, on light."""

_HDR_WHITE = {"smpte2084": 0.0203, "arib-std-b67": 0.2650}
"""Light of diffuse white, 203 cd/m² (ITU-R BT.2408), as :func:`to_linear` counts it."""


def _check(text: str) -> str:
    if text.lower() not in NAMES and not _HEX.fullmatch(text):
        raise ValueError(f"a colour such as #ff8000, or one of: {', '.join(NAMES)}")
    return text


Swatch = Annotated[str, AfterValidator(_check)]
"""Type of a parameter that is a colour."""


@lru_cache(maxsize=64)
def rgb(swatch: str, colour: Colour) -> tuple[float, float, float]:
    """Return the R'G'B' in [0, 1] that a swatch has on a wire of ``colour``.

    The code values themselves in SDR. In HDR and in linear light the colour that an sRGB screen
    shows, with white at 203 cd/m².
    """
    text = NAMES.get(swatch.lower(), swatch).removeprefix("#")
    if len(text) == 3:
        text = "".join(digit * 2 for digit in text)
    code = torch.tensor([int(text[i : i + 2], 16) / 255 for i in (0, 2, 4)], dtype=torch.float64)
    if colour.hdr or colour.transfer == "linear":
        light = to_linear(code, "iec61966-2-1") * _HDR_WHITE.get(colour.transfer, 1.0)
        if colour.primaries == "bt2020":
            light = torch.tensor(_BT709_TO_BT2020, dtype=torch.float64) @ light
        code = from_linear(light, colour.transfer)
    red, green, blue = code.tolist()
    return red, green, blue
