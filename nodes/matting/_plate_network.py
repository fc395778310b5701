"""The network of matting.plate: what differs from a known background, and by how much.

After Sengupta et al. 2020 ("Background Matting: The World Is Your Green Screen") and Lin et al.
2021 ("Real-Time High-Resolution Background Matting"), re-implemented small. A U-Net sees picture
and plate at a work size; a refiner then works at full size on what that left open. Two things are
told to it instead of learnt: how far a pixel lies outside the range of the plate's close
neighbours, which a camera that shook by a pixel does not change, and the matte that follows from
picture, plate and the colour of the subject close by, ``(I-B)·(F-B) / |F-B|^2``.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

HIDDEN = 6
"""Features that the refiner gets from the U-Net besides matte and colour."""
CELL = 4
"""Pixels of the U-Net's pictures, along either side, for each value that it tells."""
MULTIPLE = 32
"""What the sides of pictures of the U-Net must divide by."""


_LEAST, _MOST = 0.3, 0.9
"""Share of the subject in a cell from which its colour counts, and from which it does in full."""
_LEVELS, _FAR = 5, 0.1
"""Levels over which colours spread, and what each weighs against the one before."""


class Coarse(NamedTuple):
    """What the U-Net tells, each ``(N, C, h/4, w/4)``."""

    alpha: Tensor
    """The matte, one channel, in [0, 1]."""
    colour: Tensor
    """R'G'B' of the subject close by, in [0, 1]; without meaning where none is near."""
    doubt: Tensor
    """How far off the matte is thought to be, one channel, in [0, 1]."""
    hidden: Tensor
    """``HIDDEN`` channels for the refiner."""


class Fine(NamedTuple):
    """What the refiner tells, each ``(N, C, H, W)``, not held in [0, 1]."""

    alpha: Tensor
    """The matte, one channel."""
    colour: Tensor
    """R'G'B' of the subject."""


class PlateMatting(nn.Module):
    """U-Net and refiner. ``norm`` puts batch norms in for training; :func:`folded` removes them."""

    def __init__(
        self, widths: tuple[int, ...] = (32, 56, 80, 96), fine: int = 16, norm: bool = False
    ) -> None:
        super().__init__()
        self.widths, self.fine = tuple(widths), fine
        first = widths[0]
        self.stem = nn.Sequential(
            _block(10 * CELL**2, first, 1, norm=norm), _block(first, first, norm=norm)
        )
        self.down = nn.ModuleList(
            nn.Sequential(_block(a, b, stride=2, norm=norm), _block(b, b, norm=norm))
            for a, b in pairwise(widths)
        )
        self.side = nn.ModuleList(_block(b, a, 1, norm=norm) for a, b in pairwise(widths))
        self.up = nn.ModuleList(_block(a, a, norm=norm) for a in widths[:-1])
        self.head = nn.Conv2d(first, 5 + HIDDEN, 3, padding=1)
        self.refiner = nn.Sequential(
            nn.Conv2d(13 + HIDDEN, fine, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(fine, fine, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(fine, 5, 3, padding=1),
        )

    def forward(self, image: Tensor, plate: Tensor, before: Tensor) -> Coarse:
        """Look at pictures and their plates ``(N, 3, h, w)``, both sides a multiple of 32.

        ``before`` ``(N, 1, h, w)`` is the matte of the frame before; 0.5 where none is known.
        """
        seen = torch.cat([image, plate, outside(image, plate), before], 1) - 0.5
        x = self.stem(functional.pixel_unshuffle(seen, CELL))
        levels = [x]
        for stage in self.down:
            x = stage(x)
            levels.append(x)
        for level in range(len(self.down) - 1, -1, -1):
            x = functional.interpolate(self.side[level](x), scale_factor=2.0, mode="nearest")
            x = self.up[level](x + levels[level])
        alpha, colour, doubt, hidden = torch.split(self.head(x), [1, 3, 1, HIDDEN], 1)
        alpha = alpha.sigmoid()
        near, behind = functional.avg_pool2d(image, CELL), functional.avg_pool2d(plate, CELL)
        guess = (near + colour).clamp(0, 1)
        colours = told_by(near, behind, alpha.detach(), guess)
        return Coarse(alpha, colours, doubt.sigmoid(), hidden)

    def refine(self, image: Tensor, plate: Tensor, coarse: Tensor) -> Fine:
        """Refine at full size: picture and plate ``(N, 3, H, W)``, ``coarse`` scaled to ``(H, W)``.

        ``coarse`` ``(N, 5 + HIDDEN, H, W)`` is what :meth:`forward` told, joined in its order.
        """
        alpha, near = coarse[:, :1], coarse[:, 1:4]
        share, told = projected(image, plate, near)
        out = self.refiner(torch.cat([image - near, image - plate, coarse, share, told], 1))
        weight, shift, colour = out.split([1, 1, 3], 1)
        alpha = torch.lerp(alpha, share, weight.sigmoid()) + shift
        # From I = aF + (1-a)B: what is off in the colour weighs the less, the more there is of it.
        mixed = (1 - alpha.detach().clamp(0, 1)) * (near + colour - plate)
        return Fine(alpha, image + mixed)


def told_by(image: Tensor, plate: Tensor, alpha: Tensor, guess: Tensor) -> Tensor:
    """Return the subject's colours ``(N, 3, h, w)``, spread from where they are told best.

    What the plate's share leaves of a cell is the subject's, the surer the more of it there is.
    Cells with little or nothing of it take the colours of those around, close ones before far
    ones, by a pyramid of weighted means; where there are none, the network's own ``guess``.
    """
    solved = (plate + (image - plate) / alpha.clamp(min=_LEAST)).clamp(0, 1)
    trust = ((alpha - _LEAST) / (_MOST - _LEAST)).clamp(0, 1) ** 3
    level = torch.cat([solved * trust, trust], 1)
    total, weight = level + 1e-6 * torch.cat([guess, torch.ones_like(alpha)], 1), 1.0
    for _ in range(_LEVELS):
        level = functional.avg_pool2d(level, 2, ceil_mode=True, count_include_pad=False)
        weight *= _FAR
        wide = functional.interpolate(level, alpha.shape[2:], mode="bilinear", align_corners=False)
        total = total + weight * wide
    return total[:, :3] / total[:, 3:]


def outside(image: Tensor, plate: Tensor) -> Tensor:
    """Return how far each value lies outside those of the plate's 3x3 neighbours, around 0.5."""
    wide = functional.pad(plate, (1, 1, 1, 1), mode="replicate")
    most, least = _range(_range((wide, wide), 2), 3)
    return (image - most).clamp_(min=0) - (least - image).clamp_(min=0) + 0.5


def _range(ends: tuple[Tensor, Tensor], axis: int) -> tuple[Tensor, Tensor]:
    """Return the highest and lowest of three neighbours: quicker than pooling on a CPU."""
    size = ends[0].shape[axis] - 2
    tops, lows = ([x.narrow(axis, i, size) for i in range(3)] for x in ends)
    most = torch.maximum(torch.maximum(tops[0], tops[1]), tops[2])
    return most, torch.minimum(torch.minimum(lows[0], lows[1]), lows[2])


def projected(image: Tensor, plate: Tensor, subject: Tensor) -> tuple[Tensor, Tensor]:
    """Return the matte that colours tell, and how well they do, each ``(N, 1, H, W)``."""
    away = subject - plate
    square = (away * away).sum(1, keepdim=True)
    share = ((image - plate) * away).sum(1, keepdim=True) / (square + 1e-3)
    return share.clamp(0, 1), square / (square + 0.01)


def scaled(coarse: Coarse, high: int, wide: int) -> Tensor:
    """Return all that the U-Net told at another size, joined ``(N, 5 + HIDDEN, H, W)``."""
    joined = torch.cat(coarse, 1)
    return functional.interpolate(joined, (high, wide), mode="bilinear", align_corners=False)


def folded(network: PlateMatting) -> PlateMatting:
    """Return the same network without batch norms: they are worked into the convolutions."""
    made = PlateMatting(network.widths, network.fine)
    state: dict[str, Tensor] = {}
    for name, module in network.named_modules():
        if isinstance(module, _Block) and isinstance(module.norm, nn.BatchNorm2d):
            fused = nn.utils.fusion.fuse_conv_bn_eval(module.conv.eval(), module.norm.eval())
            state |= {f"{name}.conv.{k}": v for k, v in fused.state_dict().items()}
    rest = {k: v for k, v in network.state_dict().items() if k in made.state_dict()}
    made.load_state_dict({**rest, **state})
    return made.eval()


class _Block(nn.Module):
    """A convolution, perhaps a norm, and a ReLU."""

    def __init__(self, ins: int, outs: int, side: int, stride: int, norm: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(ins, outs, side, stride, side // 2, bias=not norm)
        self.norm = nn.BatchNorm2d(outs, momentum=0.05) if norm else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = functional.relu(self.norm(self.conv(x)), inplace=True)
        return made


def _block(ins: int, outs: int, side: int = 3, stride: int = 1, *, norm: bool) -> _Block:
    return _Block(ins, outs, side, stride, norm)
