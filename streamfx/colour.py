"""What the numbers of a picture mean: primaries, transfer, matrix, range and depth.

Names are those of ITU-T H.273 as FFmpeg spells them. ``image`` tensors are non-linear R'G'B'
in the transfer and primaries of their wire; :func:`to_linear` and :func:`from_linear` leave and
enter that form.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import torch

Range = Literal["limited", "full"]
Siting = Literal["left", "center", "topleft"]

LUMA_WEIGHTS: dict[str, tuple[float, float]] = {
    "bt709": (0.2126, 0.0722),
    "bt470bg": (0.299, 0.114),
    "smpte170m": (0.299, 0.114),
    "fcc": (0.30, 0.11),
    "smpte240m": (0.212, 0.087),
    "bt2020nc": (0.2627, 0.0593),
}
"""Kr and Kb of each Y'CbCr matrix (ITU-T H.273, table 4)."""

DISPLAY_GAMMA = 2.4
"""Exponent of ITU-R BT.1886, the display that SDR video is graded on."""


@dataclass(frozen=True, slots=True)
class Colour:
    """How the code values of a stream turn into light."""

    primaries: str = "bt709"
    """Which red, green and blue: bt709, smpte170m, bt470bg, bt2020, smpte432 …"""
    transfer: str = "bt709"
    """How code values turn into light: bt709, iec61966-2-1 (sRGB), smpte2084 (PQ), linear …"""
    matrix: str = "bt709"
    """How Y'CbCr turns into R'G'B': a key of ``LUMA_WEIGHTS``, or ``gbr`` for RGB."""
    range: Range = "limited"
    """``limited`` (black 16, white 235 at 8 bit) or ``full`` (0 to 255)."""
    depth: int = 8
    """Bits of each component as decoded; 32 for floating point."""
    siting: Siting = "left"
    """Where chroma samples sit when there are fewer of them than luma samples."""
    guessed: tuple[str, ...] = ()
    """Which of the above no tag said, so that a rule decided; empty when all were tagged."""

    @property
    def hdr(self) -> bool:
        """Whether the transfer is PQ or HLG (ITU-R BT.2100)."""
        return self.transfer in ("smpte2084", "arib-std-b67")

    def __str__(self) -> str:
        text = f"{self.primaries}/{self.transfer}/{self.matrix} {self.range} {self.depth}-bit"
        return f"{text} (guessed: {', '.join(self.guessed)})" if self.guessed else text

    def known(self) -> Colour:
        """Return the same colour as if every field had been tagged."""
        return replace(self, guessed=())


def guess(
    *,
    width: int,
    height: int,
    rgb: bool,
    depth: int = 8,
    primaries: str | None = None,
    transfer: str | None = None,
    matrix: str | None = None,
    range: Range | None = None,
    siting: Siting | None = None,
) -> Colour:
    """Fill in what tags left open, and record what was filled in.

    The rule: RGB is sRGB at full range. Y'CbCr is limited range. A tagged matrix or primaries of
    one family decides the others of that family. Else pictures above 576 lines or 1024 columns are
    BT.709, smaller ones BT.601: 625-line (bt470bg) at a height of 288 or 576, otherwise 525-line
    (smpte170m). The transfer of untagged Y'CbCr is bt709, whose curve BT.601 and BT.2020 share.
    """
    missing = tuple(
        name
        for name, value in (
            ("primaries", primaries),
            ("transfer", transfer),
            ("matrix", None if not rgb and matrix == "gbr" else matrix),
            ("range", range),
        )
        if value is None and not (rgb and name in ("matrix", "range"))
    )
    if rgb:
        return Colour(
            primaries=primaries or "bt709",
            transfer=transfer or "iec61966-2-1",
            matrix="gbr",
            range=range or "full",
            depth=depth,
            siting="center",
            guessed=missing,
        )
    family = _family(matrix, primaries) or _family_by_size(width, height)
    return Colour(
        primaries=primaries or {"bt2020nc": "bt2020"}.get(family, family),
        transfer=transfer or "bt709",
        matrix=matrix if matrix in LUMA_WEIGHTS else family,
        range=range or "limited",
        depth=depth,
        siting=siting or "left",
        guessed=missing,
    )


def _family(matrix: str | None, primaries: str | None) -> str | None:
    if matrix in LUMA_WEIGHTS:
        return matrix
    by_primaries = {"bt2020": "bt2020nc", "smpte432": "bt709", "smpte431": "bt709"}
    named = by_primaries.get(primaries or "", primaries)
    return named if named in LUMA_WEIGHTS else None


def _family_by_size(width: int, height: int) -> str:
    if height > 576 or width > 1024:
        return "bt709"
    return "bt470bg" if height in (288, 576) else "smpte170m"


def to_linear(image: torch.Tensor, transfer: str) -> torch.Tensor:
    """Return light, where 1 is the transfer's own white, from non-linear R'G'B' in [0, 1].

    SDR video is taken as shown on a BT.1886 display (a pure power of 2.4); sRGB by IEC 61966-2-1;
    PQ by SMPTE ST 2084 (1 is 10 000 cd/m²); HLG by the inverse OETF of ITU-R BT.2100.
    """
    if transfer == "linear":
        return image
    x = image.clamp(min=0)
    if transfer == "iec61966-2-1":
        return torch.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    if transfer == "smpte2084":
        m1, m2, c1, c2, c3 = _PQ
        p = x ** (1 / m2)
        return ((p - c1).clamp(min=0) / (c2 - c3 * p)) ** (1 / m1)
    if transfer == "arib-std-b67":
        a, b, c = _HLG
        return torch.where(x <= 0.5, x * x / 3, (torch.exp((x - c) / a) + b) / 12)
    return x ** gamma_of(transfer)


def from_linear(light: torch.Tensor, transfer: str) -> torch.Tensor:
    """Return non-linear R'G'B' from light: the inverse of :func:`to_linear`."""
    if transfer == "linear":
        return light
    x = light.clamp(min=0)
    if transfer == "iec61966-2-1":
        return torch.where(x <= 0.0031308, x * 12.92, 1.055 * x ** (1 / 2.4) - 0.055)
    if transfer == "smpte2084":
        m1, m2, c1, c2, c3 = _PQ
        p = x**m1
        return ((c1 + c2 * p) / (1 + c3 * p)) ** m2
    if transfer == "arib-std-b67":
        a, b, c = _HLG
        high = a * torch.log((12 * x - b).clamp(min=1e-6)) + c
        return torch.where(x <= 1 / 12, torch.sqrt(3 * x), high)
    return x ** (1 / gamma_of(transfer))


def gamma_of(transfer: str) -> float:
    """Return the exponent of a transfer that is a pure power of the code value.

    Raises ValueError for PQ, HLG, sRGB and linear, which are not.
    """
    if transfer in ("iec61966-2-1", "smpte2084", "arib-std-b67", "linear"):
        raise ValueError(f"{transfer} is not a pure power")
    return {"bt470m": 2.2, "gamma22": 2.2, "bt470bg": 2.8, "gamma28": 2.8}.get(
        transfer, DISPLAY_GAMMA
    )


_PQ = (2610 / 16384, 2523 / 4096 * 128, 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32)
_HLG = (0.17883277, 0.28466892, 0.55991073)
