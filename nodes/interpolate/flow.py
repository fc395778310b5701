"""Frame interpolation by optical flow: no weights needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from streamfx.nodes.interpolate._between import Interpolator
from streamfx.nodes.interpolate._dense import Dense, finest
from streamfx.nodes.interpolate._weighed import SMALLER, Seen, Ways, weighed
from streamfx.nodes.interpolate._weighed_torch import TorchWays, weighed_torch


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What the CPU knows of one frame."""

    seen: Seen
    grey: NDArray[Any]
    """``(H, W)`` of uint8."""

    @classmethod
    def of(cls, image: Tensor) -> Known:
        """Look at a picture ``(3 or 4, H, W)``."""
        picture = np.ascontiguousarray(image.permute(1, 2, 0).float().numpy())
        grey = cv2.cvtColor(picture[..., :3], cv2.COLOR_RGB2GRAY)
        return cls(Seen.of(picture, SMALLER), cv2.convertScaleAbs(grey, alpha=255))


class Flow(Interpolator):
    """Carry both neighbours to the wanted instant along optical flow.

    Flow is looked for in both directions, by dense inverse search on a CPU and by iterated
    Lucas-Kanade on a GPU. Several flows compete for each pixel: forth, back, and on a CPU both
    splatted forwards to the instant; what they bring is weighed by how well both frames agree.
    """

    def _look(self, image: Tensor) -> Known | Tensor:
        return Known.of(image) if image.device.type == "cpu" else image[None].float()

    def _pair(self, first: Known | Tensor, second: Known | Tensor) -> Ways | TorchWays:
        if isinstance(first, Tensor):
            assert isinstance(second, Tensor)
            return TorchWays.of(first, second, finest(*first.shape[2:]))
        assert not isinstance(second, Tensor)
        flows = Dense(*first.grey.shape).both(first.grey, second.grey)
        return Ways(first.seen, second.seen, *flows)

    def _between(self, pair: Ways | TorchWays, share: float) -> Tensor:
        if isinstance(pair, TorchWays):
            return weighed_torch(pair, share)[0]
        return torch.from_numpy(np.ascontiguousarray(weighed(pair, share).transpose(2, 0, 1)))
