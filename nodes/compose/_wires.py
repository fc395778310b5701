"""A picture as another wire has it: SDR among HDR, a wide gamut among a narrow one, or light."""

from __future__ import annotations

import torch
from torch import Tensor

from streamfx.colour import Colour, from_linear, to_linear

_WHITE = {"smpte2084": 0.0203, "arib-std-b67": 0.2650}
"""Light of diffuse white, 203 cd/m² (ITU-R BT.2408), as :func:`to_linear` counts it."""

_TO_BT709 = {
    "bt2020": (
        (1.660491, -0.587641, -0.072850),
        (-0.124550, 1.132900, -0.008349),
        (-0.018151, -0.100579, 1.118730),
    ),
    "smpte432": (
        (1.224940, -0.224940, 0.0),
        (-0.042057, 1.042057, 0.0),
        (-0.019638, -0.078636, 1.098274),
    ),
}
"""Light of wide primaries in those of BT.709 (ITU-R BT.2087; Display P3)."""

_KNEE = 0.8
"""Light above which what is brighter than white gets compressed where that has no room."""


def converted(image: Tensor, there: Colour, here: Colour) -> Tensor:
    """Return ``image`` ``(3 or 4, H, W)`` of a wire of colour ``there`` as one of ``here`` has it.

    Among SDR pictures code values stay as they are, be they video or sRGB: that is how screens show
    them. Diffuse white stays diffuse white, and highlights roll off where there is no room.
    """
    change = _gamut(there.primaries, here.primaries)
    if _kind(there) == _kind(here) and change is None:
        return image
    light = to_linear(image[:3].clamp(0, 1), there.transfer) / _WHITE.get(there.transfer, 1.0)
    if change is not None:
        light = torch.einsum("ij,jhw->ihw", light.new_tensor(change), light).clamp_(min=0)
    if there.hdr and not here.hdr:
        light = _rolled(light)
    made = from_linear(light * _WHITE.get(here.transfer, 1.0), here.transfer).clamp_(0, 1)
    return torch.cat([made, image[3:]])


def _kind(colour: Colour) -> str:
    special = colour.hdr or colour.transfer == "linear"
    return colour.transfer if special else "sdr"


def _gamut(there: str, here: str) -> tuple[tuple[float, ...], ...] | None:
    """Return the matrix from one set of primaries to another; None where they are much the same."""
    if _TO_BT709.get(there) == _TO_BT709.get(here):
        return None
    one = torch.eye(3, dtype=torch.float64)
    into = torch.tensor(_TO_BT709[there], dtype=torch.float64) if there in _TO_BT709 else one
    back = torch.tensor(_TO_BT709[here], dtype=torch.float64) if here in _TO_BT709 else one
    return tuple(tuple(row) for row in (torch.linalg.inv(back) @ into).tolist())


def _rolled(light: Tensor) -> Tensor:
    """Return light whose highlights come ever closer to 1: the colour by its brightest part."""
    most = light.amax(0, keepdim=True)
    over = (most - _KNEE).clamp(min=0)
    held = torch.where(over > 0, _KNEE + over * (1 - _KNEE) / (over + 1 - _KNEE), most)
    return light * (held / most.clamp(min=1e-6))
