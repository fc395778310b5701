"""Where a picture goes when it gets another size."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from streamfx import GraphError
from streamfx.resample import Window, covering

Fit = Literal["stretch", "fit", "fill", "pad"]


@dataclass(frozen=True, slots=True)
class Layout:
    """What becomes of a picture."""

    width: int
    """Columns of the new picture."""
    height: int
    """Lines of the new picture."""
    window: Window | None = None
    """The part of the old picture that is shown; None: all of it."""
    inner: tuple[int, int] | None = None
    """Lines and columns that it takes up, at the centre; None: all of them."""
    pixel_aspect: Fraction = Fraction(1)
    """Width of a new pixel over its height."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for; 0: not said."""

    width: int
    height: int
    scale: float
    fit: Fit
    multiple: int

    def lay(self, width: int, height: int, pixel_aspect: Fraction) -> Layout:
        """Return the layout for a picture, or raise :exc:`GraphError`."""
        if not self.width and not self.height:
            if self.scale == 1:
                raise GraphError("give width, height or scale: none of them says a size")
            wide, high = self._rounded(width * self.scale), self._rounded(height * self.scale)
            return Layout(wide, high, pixel_aspect=pixel_aspect)
        if self.scale != 1:
            raise GraphError(f"give a size or a scale, not both: scale is {self.scale:g}")
        if not self.width:
            wide = self._rounded(width * self.height / height)
            return Layout(wide, self.height, pixel_aspect=pixel_aspect)
        if not self.height:
            high = self._rounded(height * self.width / width)
            return Layout(self.width, high, pixel_aspect=pixel_aspect)
        if self.fit == "stretch":
            return self._stretched(width, height, pixel_aspect)
        return self._kept(width, height, pixel_aspect)

    def _stretched(self, width: int, height: int, pixel_aspect: Fraction) -> Layout:
        # Less than a pixel off is rounding, and no reason for pixels that are not square.
        if abs(self.height * width / height - self.width) >= 1:
            pixel_aspect *= Fraction(width * self.height, height * self.width)
        return Layout(self.width, self.height, pixel_aspect=pixel_aspect)

    def _kept(self, width: int, height: int, pixel_aspect: Fraction) -> Layout:
        """Lay the picture as it is displayed onto square pixels."""
        if self.fit == "fill":
            window = covering(height, width, self.width / self.height / float(pixel_aspect))
            return Layout(self.width, self.height, window)
        shown = width * pixel_aspect
        by = min(self.width / shown, Fraction(self.height, height))
        wide = min(self.width, self._rounded(shown * by))
        high = min(self.height, self._rounded(height * by))
        if self.fit == "fit":
            return Layout(wide, high)
        return Layout(self.width, self.height, inner=(high, wide))

    def _rounded(self, side: float | Fraction) -> int:
        return max(1, round(side / self.multiple)) * self.multiple
