"""Film grain. The class is named after the file, so the node is film.grain."""

from typing import ClassVar

import torch

from streamfx import Frame, Node, param


class Grain(Node):
    """Add grain that is different in each frame and the same in each run."""

    stateless: ClassVar[bool] = True

    amount: float = param(default=0.05, ge=0, le=1, help="How strong the grain is.", live=True)

    def process(self, frame: Frame) -> Frame:
        image = frame.image.clone()
        chance = torch.Generator().manual_seed(int(frame.pts * 90000))  # the same in any order
        grain = torch.randn(image.shape[1:], generator=chance)
        image[:3] = (image[:3] + self.amount * grain.to(image.device)).clamp(0, 1)
        return frame.showing(image)
