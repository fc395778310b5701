"""Nodes of your own in one file, used from the command line.

    streamfx nodes --nodes my_nodes.py
    streamfx render my_look.toml in.mp4 out.mp4 --nodes my_nodes.py -p edge.strength=0.8

A class ``Vignette`` in ``my_nodes.py`` is the node ``my_nodes.vignette``.
"""

from typing import ClassVar

import torch

from streamfx import Frame, Node, param


class Vignette(Node):
    """Darken the picture towards its corners."""

    stateless: ClassVar[bool] = True

    strength: float = param(default=0.5, ge=0, le=1, help="How dark the corners are.", live=True)

    def process(self, frame: Frame) -> Frame:
        image = frame.image.clone()
        y = torch.linspace(-1, 1, frame.height, device=image.device)[:, None]
        x = torch.linspace(-1, 1, frame.width, device=image.device)[None, :]
        image[:3] *= 1 - self.strength * (x * x + y * y) / 2
        return frame.showing(image)


class Mirror(Node):
    """Swap left and right."""

    stateless: ClassVar[bool] = True

    def process(self, frame: Frame) -> Frame:
        return frame.showing(frame.image.flip(-1))
