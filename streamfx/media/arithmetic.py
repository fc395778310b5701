"""The few operations that colour conversion is made of, for arrays (OpenCV) and tensors (torch)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from streamfx.media import chroma

# OpenCV's threads spin while they wait: on two cores, beside an encoder, two of them took 17 ms of
# processor time for what one does in 9. Half of the cores is enough for planes of this size.
cv2.setNumThreads(max(1, (os.cpu_count() or 2) // 2))

Array = NDArray[Any]
P = TypeVar("P")


class Arithmetic(Protocol[P]):
    """Operations on single planes ``(H, W)``; results are float32 unless said otherwise."""

    rows: int
    """Lines to work on at a time."""

    def lines(self, plane: P, top: int, bottom: int) -> P:
        """Return a view of some lines, copied only if samples of a line are not neighbours."""
        ...

    def mix(self, terms: Sequence[tuple[P, float]], offset: float, out: P | None = None) -> P:
        """Return the weighted sum of planes of any dtype, plus an offset."""
        ...

    def store(self, plane: P, gain: float, offset: float, top: int, shift: int) -> P:
        """Return a scaled plane as codes: rounded, held in 0 … top, then shifted up.

        The dtype is uint8 where ``top`` is 255, else uint16.
        """
        ...

    def double(self, plane: P, axis: int, cosited: bool, size: int) -> P:
        """Return a float plane with ``size`` samples along an axis, at most twice as many."""
        ...

    def halve(self, plane: P, axis: int, cosited: bool) -> P:
        """Return a float plane with half the samples along an axis, rounded up."""
        ...

    def filled(self, like: P, height: int, width: int, code: int, top: int) -> P:
        """Return a plane of one code value, of the dtype that :meth:`store` gives."""
        ...

    def image(self, like: P, channels: int, height: int, width: int) -> tuple[P, list[P]]:
        """Return a new float32 ``(C, H, W)`` and its channels."""
        ...


class Arrays:
    """:class:`Arithmetic` on numpy arrays, by OpenCV, which lets go of the GIL."""

    rows = 96
    """So few that what is worked on stays in the processor's cache, and needs no fresh memory."""

    def lines(self, plane: Array, top: int, bottom: int) -> Array:
        """Return a view of some lines, copied only if samples of a line are not neighbours."""
        view = plane[top:bottom]
        return view if view.strides[1] == view.itemsize else np.ascontiguousarray(view)

    def mix(
        self, terms: Sequence[tuple[Array, float]], offset: float, out: Array | None = None
    ) -> Array:
        """Return the weighted sum of planes of any dtype, plus an offset."""
        return self._sum(terms, offset, cv2.CV_32F, out)

    def store(self, plane: Array, gain: float, offset: float, top: int, shift: int) -> Array:
        """Return a scaled plane as codes: rounded, held in 0 … top, then shifted up."""
        kind = {255: cv2.CV_8U, 65535: cv2.CV_16U}.get(top, cv2.CV_16S)
        codes = self._sum([(plane, gain)], offset, kind, None)
        if kind == cv2.CV_16S:  # signed, because numpy clips that several times faster
            codes = np.clip(codes, 0, top, out=codes).view(np.uint16)
        return np.left_shift(codes, shift, out=codes) if shift else codes

    def double(self, plane: Array, axis: int, cosited: bool, size: int) -> Array:
        """Return a float plane with ``size`` samples along an axis, at most twice as many."""
        return chroma.double_array(plane, axis, cosited, size)

    def halve(self, plane: Array, axis: int, cosited: bool) -> Array:
        """Return a float plane with half the samples along an axis, rounded up."""
        return chroma.halve_array(plane, axis, cosited)

    def filled(self, like: Array, height: int, width: int, code: int, top: int) -> Array:
        """Return a plane of one code value, of the dtype that :meth:`store` gives."""
        return np.full((height, width), code, np.uint8 if top == 255 else np.uint16)

    def image(
        self, like: Array, channels: int, height: int, width: int
    ) -> tuple[Array, list[Array]]:
        """Return a new float32 ``(C, H, W)`` and its channels."""
        # numpy asks for huge pages, torch does not: page faults would cost more than the sums.
        new = np.empty((channels, height, width), np.float32)
        return new, list(new)

    @staticmethod
    def _sum(
        terms: Sequence[tuple[Array, float]], offset: float, kind: int, out: Array | None
    ) -> Array:
        if len(terms) == 1:
            # Halved and added to itself, so that an infinite sample stays infinite.
            [(plane, weight)] = terms
            terms = [(plane, weight / 2), (plane, weight / 2)]
        (a, wa), (b, wb), *rest = terms
        for c, wc in rest:
            a, wa = cv2.addWeighted(a, wa, b, wb, 0, dtype=cv2.CV_32F), 1.0
            b, wb = c, wc
        return cv2.addWeighted(a, wa, b, wb, offset, dst=out, dtype=kind)


class Tensors:
    """:class:`Arithmetic` on torch tensors, on whatever device they are."""

    rows = 1 << 30
    """The whole picture: launches cost more than memory."""

    def lines(self, plane: torch.Tensor, top: int, bottom: int) -> torch.Tensor:
        """Return a view of some lines."""
        return plane[top:bottom]

    def mix(
        self,
        terms: Sequence[tuple[torch.Tensor, float]],
        offset: float,
        out: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return the weighted sum of planes of any dtype, plus an offset."""
        (first, weight), *rest = terms
        total = first.to(torch.float32) * weight + offset
        for plane, weight in rest:
            total.add_(plane.to(torch.float32), alpha=weight)
        return total if out is None else out.copy_(total)

    def store(
        self, plane: torch.Tensor, gain: float, offset: float, top: int, shift: int
    ) -> torch.Tensor:
        """Return a scaled plane as codes: rounded, held in 0 … top, then shifted up."""
        codes = self.mix([(plane, gain)], offset).nan_to_num_(nan=0.0).round_().clamp_(0, top)
        return codes.mul_(1 << shift).to(torch.uint8 if top == 255 else torch.uint16)

    def double(self, plane: torch.Tensor, axis: int, cosited: bool, size: int) -> torch.Tensor:
        """Return a float plane with ``size`` samples along an axis, at most twice as many."""
        return chroma.double_tensor(plane, axis, cosited, size)

    def halve(self, plane: torch.Tensor, axis: int, cosited: bool) -> torch.Tensor:
        """Return a float plane with half the samples along an axis, rounded up."""
        return chroma.halve_tensor(plane, axis, cosited)

    def filled(
        self, like: torch.Tensor, height: int, width: int, code: int, top: int
    ) -> torch.Tensor:
        """Return a plane of one code value, of the dtype that :meth:`store` gives."""
        kind = torch.uint8 if top == 255 else torch.uint16
        return torch.full((height, width), code, dtype=kind, device=like.device)

    def image(
        self, like: torch.Tensor, channels: int, height: int, width: int
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Return a new float32 ``(C, H, W)`` and its channels."""
        new = torch.empty(channels, height, width, dtype=torch.float32, device=like.device)
        return new, list(new.unbind(0))
