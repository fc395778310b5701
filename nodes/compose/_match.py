"""A subject in the colours of its scene (Reinhard et al., "Color Transfer between Images", 2001).

Mean and spread of the subject move towards those of the scene along axes in which colours of
pictures vary much on their own: the paper's, taken on code values, which the eye sees in about
even steps. All of it is then one matrix, and costs as little.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import torch
from torch import Tensor

from streamfx.nodes.compose._sampling import reduced

WINDOW = 12
"""Frames of which the mean is taken, this one included, against flicker."""

_SMALL = 64
"""Lines, or columns, whichever are fewer, of the copies that are looked at, about."""
_SPREADS = (0.7, 1.4)
"""Bounds of the change of spread: beyond, noise or flatness shows."""
_SHIFTS = (0.25, 0.06, 0.06)
"""Largest change of a mean on each axis: beyond, black turns to haze and grey gets a tint."""
_FEW = 0.002
"""Share of the picture of which a subject must be more to be matched in full."""
_AXES = (
    (3**-0.5, 3**-0.5, 3**-0.5),
    (6**-0.5, 6**-0.5, -2 * 6**-0.5),
    (2**-0.5, -(2**-0.5), 0.0),
)
"""Light and dark, yellow and blue, red and green: rows that turn R'G'B'."""


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Weighed sums over the pixels of a picture."""

    weight: Tensor
    """``()``, the mean weight of a pixel."""
    first: Tensor
    """``(3,)``, of the values on the axes."""
    second: Tensor
    """``(3,)``, of their squares."""

    @classmethod
    def of(cls, colour: Tensor, weight: Tensor) -> Tally:
        """Return the sums of ``colour`` ``(3, h, w)``, each pixel by ``weight`` ``(1, h, w)``."""
        flat, share = colour.double().reshape(3, -1), weight.double().reshape(1, -1)
        turned = flat.new_tensor(_AXES) @ flat
        count = share.shape[1]
        sums = (turned * share).sum(1) / count, (turned * turned * share).sum(1) / count
        return cls(share.mean(), *sums)

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.weight + other.weight, self.first + other.first, self.second + other.second
        )

    @property
    def mean(self) -> Tensor:
        """``(3,)``."""
        return self.first / self.weight.clamp(min=1e-9)

    @property
    def spread(self) -> Tensor:
        """``(3,)``, standard deviations."""
        square = self.second / self.weight.clamp(min=1e-9)
        return (square - self.mean**2).clamp(min=0).sqrt()


class Match:
    """How a subject's colours have to change, from the last few frames."""

    def __init__(self) -> None:
        self._seen: deque[tuple[Tally, Tally]] = deque(maxlen=WINDOW)

    def matched(self, image: Tensor, scene: Tensor, amount: float) -> Tensor:
        """Return ``image`` ``(4, H, W)``, its colours ``amount`` of the way to those of ``scene``.

        ``scene`` is ``(3 or 4, H, W)``, of the same size.
        """
        by = max(1, min(int(image.shape[1]), int(image.shape[2])) // _SMALL)
        self._seen.append((_tally(image, by), _tally(scene, by)))
        (subject, around), *others = self._seen
        for one, other in others:
            subject, around = subject + one, around + other
        turn, shift = _change(subject, around, amount)
        flat = image[:3].reshape(3, -1)
        made = torch.addmm(shift.to(flat)[:, None], turn.to(flat), flat).clamp_(0, 1)
        return torch.cat([made.view_as(image[:3]), image[3:]])


def _tally(image: Tensor, by: int) -> Tally:
    """Look at every ``by``-th pixel, each the mean of what is around it, weighed by alpha."""
    small = reduced(image, by)
    weight = small[3:] if image.shape[0] == 4 else small.new_ones((1, *small.shape[1:]))
    return Tally.of(small[:3], weight)


def _change(subject: Tally, scene: Tally, amount: float) -> tuple[Tensor, Tensor]:
    """Return the matrix ``(3, 3)`` and what is added ``(3,)``, in R'G'B'."""
    there = subject.weight / WINDOW
    amount_now = amount * (there / _FEW).clamp(max=1)
    gain = ((scene.spread + 0.02) / (subject.spread + 0.02)).clamp(*_SPREADS)
    gain = 1 + (gain - 1) * amount_now
    most = gain.new_tensor(_SHIFTS)
    move = (scene.mean - subject.mean).clamp(-most, most) * amount_now
    axes = gain.new_tensor(_AXES)
    turn = axes.T @ (gain[:, None] * axes)
    return turn, axes.T @ (subject.mean + move) - turn @ (axes.T @ subject.mean)
