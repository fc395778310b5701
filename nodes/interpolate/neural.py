"""Frame interpolation by optical flow that a network repairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from streamfx import Context, param
from streamfx.nodes.interpolate._between import Interpolator
from streamfx.nodes.interpolate._dense import Dense, finest
from streamfx.nodes.interpolate._lucas import both, grey
from streamfx.nodes.interpolate._network import MULTIPLE, Between, Pair, larger, mixed
from streamfx.nodes.interpolate._warp import warped
from streamfx.nodes.interpolate._weighed import SMALLER, Seen, Ways, weighed
from streamfx.nodes.interpolate._weighed_torch import TorchWays, weighed_torch

MODEL = "interpolate-neural"

_PIXELS = 560_000
"""Pixels up to which the network sees the picture in its own size."""
_SMALLEST = 16
"""Times that what the network sees may be smaller than the picture, along either side."""


@dataclass(slots=True, eq=False)
class Known:
    """What is known of one frame."""

    picture: Tensor
    """``(1, C, H, W)``."""
    by: int = 0
    """How many times smaller the network saw it."""
    small: Tensor | None = None
    """``(1, 3, h, w)``, as the network saw it."""
    features: Tensor | None = None
    seen: Seen | None = None
    """As the CPU takes it."""


@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """Two frames, and flow ``(1, 2, H, W)`` between them, in pixels."""

    first: Known
    second: Known
    forth: Tensor
    back: Tensor


class Neural(Interpolator):
    """Interpolate by a network: it repairs optical flow, weighs what that brings, and adds to it.

    The mean of that and of what interpolate.flow makes comes out: they err differently. Features
    of the frame that two pairs share are made once. Large pictures the network sees made smaller;
    what it finds is then applied in full size.
    """

    scale: Literal["auto", "1", "1/2", "1/4", "1/8"] = param(
        default="auto",
        help="How large the network sees the picture; auto: as large as it is up to "
        f"{_PIXELS / 1e6:.2f} megapixels, half or a quarter of that beyond.",
    )

    def wants(self) -> Sequence[str]:
        return (MODEL,)

    def open(self, ctx: Context) -> None:
        super().open(ctx)
        self._network = ctx.models.load(MODEL, ctx.device, torch.float32)
        self._dtype = ctx.dtype
        self._by = self._chosen(ctx.video.width * ctx.video.height)

    def _chosen(self, pixels: int) -> int:
        """Return how many times smaller the network sees a picture."""
        if self.scale != "auto":
            return int(self.scale.rpartition("/")[-1])
        by = 1
        while pixels > _PIXELS * by * by and by < 4:
            by *= 2
        return by

    def _look(self, image: Tensor) -> Known:
        return Known(image[None].float())

    def _pair(self, first: Known, second: Known) -> Ends:
        one, two = grey(first.picture), grey(second.picture)
        high, wide = (int(side) for side in one.shape[2:])
        if one.device.type != "cpu":
            return Ends(first, second, *both(one, two, finest(high, wide)))
        codes = [(x[0, 0] * 255 + 0.5).to(torch.uint8).numpy() for x in (one, two)]
        flows = Dense(high, wide).both(*codes)
        forth, back = (torch.from_numpy(x).permute(2, 0, 1)[None] for x in flows)
        return Ends(first, second, forth.contiguous(), back.contiguous())

    def _between(self, pair: Ends, share: float) -> Tensor:
        while True:
            try:
                return self._made(pair, share)
            except torch.OutOfMemoryError:
                if self._by >= _SMALLEST:
                    raise
            for known in (pair.first, pair.second):
                known.small = known.features = None
            if pair.forth.device.type == "cuda":
                torch.cuda.empty_cache()
            self._by *= 2
            self._say(f"memory ran out; the network sees 1/{self._by} of the picture from now on")

    def _made(self, pair: Ends, share: float) -> Tensor:
        return torch.lerp(self._by_network(pair, share), _by_flow(pair, share), 0.5)

    def _by_network(self, pair: Ends, share: float) -> Tensor:
        high, wide = pair.forth.shape[2:]
        t = pair.forth.new_full((1, 1, 1, 1), share)
        found = self._found(pair, t)
        if self._by == 1 and pair.first.picture.shape[1] == 3:
            return found.image[0, :, :high, :wide]
        flow, made = (larger(x, self._by)[:, :, :high, :wide] for x in found[1:])
        flow = flow * self._by
        forth, back = pair.forth, pair.back
        ways = [-share * forth, (1 - share) * forth, share * back, (share - 1) * back]
        ways += [flow[:, :2], flow[:, 2:]]
        ends = (pair.first.picture, pair.second.picture) * 3
        candidates = [warped(x, way) for x, way in zip(ends, ways, strict=True)]
        return mixed(candidates, made, t).clamp(0, 1)[0]

    def _found(self, pair: Ends, t: Tensor) -> Between:
        """Ask the network, which sees the pair as small as was chosen."""
        with torch.autocast(t.device.type, self._dtype, enabled=self._dtype != torch.float32):
            (one, looks), (two, others) = (self._view(x) for x in (pair.first, pair.second))
            forth, back = (self._smaller(x) / self._by for x in (pair.forth, pair.back))
            made: Between = self._network(Pair(one, two, (looks, others), forth, back), t)
        return Between(*(x.float() for x in made))

    def _view(self, known: Known) -> tuple[Tensor, Tensor]:
        """Return a frame as the network sees it, and its features, made once."""
        if known.small is None or known.features is None or known.by != self._by:
            known.small, known.by = self._smaller(known.picture[:, :3]), self._by
            known.features = self._network.features(known.small)  # type: ignore[operator]  # ours
        return known.small, known.features

    def _smaller(self, x: Tensor) -> Tensor:
        """Return ``(1, C, h, w)`` as much smaller as was chosen, its sides filled up."""
        whole = MULTIPLE * self._by
        beside, below = -int(x.shape[3]) % whole, -int(x.shape[2]) % whole
        if beside or below:
            x = functional.pad(x, (0, beside, 0, below), mode="replicate")
        return functional.avg_pool2d(x, self._by) if self._by > 1 else x


def _by_flow(pair: Ends, share: float) -> Tensor:
    """Return the picture ``(C, H, W)`` as ``interpolate.flow`` makes it of the same flow."""
    if pair.forth.device.type != "cpu":
        ways = TorchWays(pair.first.picture, pair.second.picture, pair.forth, pair.back)
        return weighed_torch(ways, share)[0]
    seen = []
    for known in (pair.first, pair.second):
        if known.seen is None:
            picture = known.picture[0].permute(1, 2, 0).contiguous().numpy()
            known.seen = Seen.of(picture, SMALLER)
        seen.append(known.seen)
    flows = [x[0].permute(1, 2, 0).contiguous().numpy() for x in (pair.forth, pair.back)]
    made = weighed(Ways(seen[0], seen[1], flows[0], flows[1]), share)
    return torch.from_numpy(np.ascontiguousarray(made.transpose(2, 0, 1)))
