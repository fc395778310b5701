"""Light from the screen on the subject: how much of it is there, and what is left without it."""

from __future__ import annotations

import cv2
import numpy as np
import torch

from streamfx.nodes.matting._chroma_fill import filled
from streamfx.nodes.matting._chroma_screen import Screen
from streamfx.nodes.matting._light import Floats
from streamfx.nodes.matting._shape import Mask

_SEEN = 0.02
"""Share of the screen's colour that can be seen on the subject."""
_OWN = 0.35, 0.6
"""Shares of the screen's colour that are too much for spill: from the one on less goes, none from
the other on."""


def spill(
    colours: Floats,
    screen: Screen,
    behind: Floats,
    front: Floats,
    solid: Mask,
    away: Floats,
    despill: tuple[float, float],
) -> tuple[Mask, Floats]:
    """Return where spill goes inside the subject ``(h, w)``, and two maps ``(2, h, w)``.

    The maps are how much of the screen's hue is the subject's own, as it is further inside, and how
    much of what is beyond that goes. ``behind``, ``front`` ``(h, w, 3)`` are the screen and the
    subject; ``away`` ``(h, w)`` is how many pixels off the screen is; ``despill`` how much goes at
    the edge, and over how many pixels inwards.
    """
    amount, reach = screen.amount(colours), max(despill[1], 1e-3)
    (own,) = filled([amount], (solid * (away > reach)).astype(np.float32))
    np.clip(own, 0, np.maximum(screen.amount(front), 0), out=own)
    strength = despill[0] * np.clip(2 - 2 * away / reach, 0, 1)
    whole = screen.amount(behind)
    seen = (amount - own) * strength > _SEEN * np.maximum(whole, 1e-3)
    spilt = solid & cv2.dilate(seen.view(np.uint8), np.ones((3, 3), np.uint8))
    return spilt, np.stack([own, np.where(solid, strength, despill[0])]).astype(np.float32)


def despilled(
    colours: torch.Tensor,
    behind: torch.Tensor,
    own: torch.Tensor,
    strength: torch.Tensor,
    screen: Screen,
) -> torch.Tensor:
    """Return colours ``(3, N)`` without the light of the screen ``behind`` ``(3, N)``.

    What lies on the screen's side of grey, beyond what is the subject's ``own``, is the screen's:
    its share is taken out as if it were mixed in. Hues that lean elsewhere, skin among them, stay.
    """
    whole = screen.amount_of(behind).clamp(min=1e-3)
    share = ((screen.amount_of(colours) - own) / whole).clamp_(0, 1)
    share *= ((_OWN[1] - share) / (_OWN[1] - _OWN[0])).clamp_(0, 1) * strength
    return (colours - share * behind) / (1 - share)
