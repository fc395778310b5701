"""The empty scene behind whatever moves: for each pixel the colour that keeps coming back.

A few colours per pixel are followed on line, after Stauffer and Grimson, "Adaptive background
mixture models for real-time tracking" (1999). The background is not the colour that was seen
longest, which may be somebody who stands still, but the one that was seen most *and* returned
most often.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_COLOURS = 3
"""Colours that are followed at each pixel."""
_NEAR = 0.09
"""Distance of R'G'B' within which two samples are one colour."""
_MEMORY = 48
"""Samples that a colour is the mean of, at most: noise goes, slow change is followed."""
_STAY = 5.0
"""Samples in a row after which one more of the same counts half as much."""
_DOUBT = 0.3
"""Share of the worth of the first colour from which another one may be the right one."""
_NEIGHBOURS = 0.012
"""How far it is to those who are asked then, as a share of the shorter side."""


class Colours:
    """Some colours for each pixel, the most likely one first."""

    def __init__(self, image: Tensor) -> None:
        """Make room for pictures like ``(3, H, W)``."""
        self._size = image.shape[1:]
        count = self._size.numel()
        self._mean = image.new_zeros((_COLOURS, 3, count))
        """Of each colour; the first is the one that has most worth."""
        self._seen = image.new_zeros((_COLOURS, count))
        """Samples that it is the mean of, up to a bound."""
        self._worth = image.new_zeros((_COLOURS, count))
        """How much speaks for it."""
        self._last = torch.zeros(count, dtype=torch.uint8, device=image.device)
        """Which one a pixel was last."""
        self._stayed = image.new_zeros(count)
        """How many samples before it was that, too, without another between them."""

    def learn(self, image: Tensor, told: Tensor) -> None:
        """Learn the pixels of ``(3, H, W)`` where ``told`` ``(H, W)``: each is one of its colours.

        Most are the first one, which is quick; the rest is looked at for itself.
        """
        image, told = image.flatten(1), told.flatten()
        off = image - self._mean[0]
        near = (off[0] * off[0]).addcmul_(off[1], off[1]).addcmul_(off[2], off[2]) < _NEAR**2
        same = near & told & (self._seen[0] > 0)
        rest = (told & ~same).nonzero()[:, 0]
        share = same.to(image.dtype)
        self._stayed += share
        self._stayed.masked_fill_(same & (self._last != 0), 0)
        self._last.masked_fill_(same, 0)
        self._seen[0] += share
        self._worth[0] += share / (1 + self._stayed / _STAY)
        self._mean[0] += off.mul_(share.div_(self._seen[0].clamp(min=1)))
        self._seen[0].clamp_(max=_MEMORY)
        if len(rest):
            self._look(image[:, rest], rest)

    def _look(self, image: Tensor, at: Tensor) -> None:
        """Put pixels ``(3, n)`` to a colour that is not the first, or to a new one."""
        mean, seen, worth = self._mean[:, :, at], self._seen[:, at], self._worth[:, at]
        away = (mean - image).square_().sum(1).masked_fill_(seen == 0, torch.inf)
        nearest, which = away.min(0)
        new = nearest > _NEAR**2
        which = torch.where(new, worth.argmin(0), which)
        again = ~new & (which == self._last[at])
        stayed = torch.where(again, self._stayed[at] + 1, 0)
        one, all_three = which[None], which.expand(1, 3, -1)
        count = seen.gather(0, one).masked_fill_(new, 0) + 1
        value = worth.gather(0, one).masked_fill_(new, 0) + 1 / (1 + stayed / _STAY)
        colour = mean.gather(0, all_three)
        colour += (image - colour) / count
        seen.scatter_(0, one, count.clamp_(max=_MEMORY))
        worth.scatter_(0, one, value)
        mean.scatter_(0, all_three, colour)
        which = _first_is_most(which, mean, seen, worth)
        self._mean[:, :, at], self._seen[:, at], self._worth[:, at] = mean, seen, worth
        self._last[at], self._stayed[at] = which.to(torch.uint8), stayed

    def agreed(self) -> tuple[Tensor, Tensor]:
        """Return colours ``(3, H, W)``, and how often they were seen ``(H, W)``.

        Where a pixel has more than one good candidate its neighbours decide, who are surer.
        """
        rival = self._worth[1:].amax(0) / self._worth[0].clamp(min=1e-6)
        at = (rival > _DOUBT).nonzero()[:, 0]
        image, seen = self._mean[0].clone(), self._seen[0].clone()
        sure = (1 - rival).square_()
        around = torch.cat([image * sure, sure[None]]).view(-1, *self._size)
        side = 2 * max(1, round(_NEIGHBOURS * min(self._size))) + 1
        around = functional.avg_pool2d(around, side, 1, side // 2, count_include_pad=False)
        around = around.flatten(1)[:, at]
        mean, worth = self._mean[:, :, at], self._worth[:, at]
        away = (mean - around[:3] / around[3:].clamp(min=1e-6)).square_().sum(1)
        away.masked_fill_(worth < _DOUBT * worth[0], torch.inf)
        best = away.argmin(0)[None]
        image[:, at] = mean.gather(0, best.expand(1, 3, -1))[0]
        seen[at] = self._seen[:, at].gather(0, best)[0]
        return image.view(-1, *self._size), seen.view(self._size)


def _first_is_most(which: Tensor, mean: Tensor, seen: Tensor, worth: Tensor) -> Tensor:
    """Exchange the first of the colours ``(K, ..., n)`` with the one of most worth, in place.

    Returns the new places ``(n)`` of those that were at ``which``.
    """
    most = worth.argmax(0)
    for store in (mean, seen, worth):
        place = most.expand(1, *store.shape[1:])
        best = store.gather(0, place)
        store.scatter_(0, place, store[:1].clone())
        store[:1] = best
    moved = torch.where(which == most, 0, which)
    return torch.where((which == 0) & (most != 0), most, moved)
