"""Dense flow on the CPU: inverse search (DIS), in both directions, as fine as time allows."""

from __future__ import annotations

from math import log2
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[Any]
"""``(H, W)`` of uint8."""
Flow = NDArray[Any]
"""``(H, W, 2)`` of float32: across and down, in pixels."""

WIDE = 427
"""Longer side, in pixels, up to which flow is looked for in every pixel's own scale."""
_PATCH, _STRIDE, _DESCENTS = 8, 4, 16
"""Side of a patch, pixels from one to the next, and steps of its search."""
_REFINEMENTS, _GRADIENT = 5, 20.0
"""Rounds of variational refinement, and the weight of gradients in it, which light does not
change."""


def finest(high: int, wide: int) -> int:
    """Return how often a picture is halved before flow is looked for the last time."""
    return max(0, round(log2(max(high, wide) / WIDE)))


class Dense:
    """Finds flow between two pictures of one size.

    "Fast Optical Flow using Dense Inverse Search" (Kroeger et al. 2016), as OpenCV has it.
    """

    def __init__(self, high: int, wide: int, coarser: int = 0) -> None:
        """Make it for a size; ``coarser`` more halvings than it would choose."""
        self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self._search.setFinestScale(finest(high, wide) + coarser)
        self._search.setPatchSize(_PATCH)
        self._search.setPatchStride(_STRIDE)
        self._search.setGradientDescentIterations(_DESCENTS)
        self._search.setVariationalRefinementIterations(_REFINEMENTS)
        self._search.setVariationalRefinementGamma(_GRADIENT)
        self._least = _PATCH * 2 ** (finest(high, wide) + coarser + 1)
        self._size = high, wide

    def both(self, first: Grey, second: Grey) -> tuple[Flow, Flow]:
        """Return how far each pixel moves, from the first to the second, and back."""
        return self._calc(first, second), self._calc(second, first)

    def _calc(self, first: Grey, second: Grey) -> Flow:
        high, wide = self._size
        below, beside = max(0, self._least - high), max(0, self._least - wide)
        if below or beside:
            first, second = (
                cv2.copyMakeBorder(grey, 0, below, 0, beside, cv2.BORDER_REPLICATE)
                for grey in (first, second)
            )
        made: Flow = self._search.calc(first, second, None)  # type: ignore[call-overload]  # no guess
        return np.ascontiguousarray(made[:high, :wide])
