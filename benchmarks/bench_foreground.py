"""The subject's colours over a strongly different one: pasted as they are, and estimated."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import pymatting_peer
import stills
import torch
from torch import Tensor

from streamfx.nodes.matting._foreground import foreground
from streamfx.resample import blur, resize
from streamfx.train.scores import edge

BAR = 2.0
"""By what the error at the edge must be smaller than that of the picture's own colours."""
BEHIND = {"green": (0.0, 1.0, 0.0), "black": (0.0, 0.0, 0.0), "white": (1.0, 1.0, 1.0)}
SIZES = {"720p": (720, 1280), "1080p": (1080, 1920), "4K": (2160, 3840)}
REACHES = (1.5, 6.0, 24.0, 96.0)
"""Standard deviations in which pure colours are looked for, the nearest first."""

Case = tuple[Tensor, Tensor, Tensor]
"""The picture, its alpha and the subject's true colours."""


def pure(image: Tensor, alpha: Tensor) -> Tensor:
    """Return colours ``(3, H, W)`` of the subject everywhere: its own, or the nearest pure ones."""
    solid = torch.cat([image, (alpha > 0.99).to(image.dtype)[None]])
    made, known = image * solid[3], solid[3]
    for reach in REACHES:
        spread = blur(solid, reach)
        fresh = (spread[3] > 0.01) & (known == 0)
        made = torch.where(fresh, spread[:3], made)
        known = torch.maximum(known, fresh.to(known.dtype))
    return made


def cases() -> dict[str, Case]:
    """Return true alphas laid over known backgrounds, with known colours, in 8 bits."""
    beach = stills.colour(stills.FOOTAGE / "lemur" / "new_background.png")
    names = stills.names()
    plates = [stills.tensor(beach), stills.tensor(stills.colour(stills.STILLS / "image/GT18.png"))]
    made = {}
    for name in names:
        alpha = stills.tensor(stills.grey(stills.STILLS / "alpha" / f"{name}.png"))
        own = pure(stills.tensor(stills.colour(stills.STILLS / "image" / f"{name}.png")), alpha)
        for number, plate in enumerate(plates):
            made[f"{name}-{number}"] = (_over(own, alpha, plate), alpha, own)
    lemur = stills.FOOTAGE / "lemur"
    alpha = stills.tensor(stills.grey(lemur / "alpha.png"))
    own = stills.tensor(stills.colour(lemur / "foreground.png"))
    made["lemur"] = (_over(own, alpha, plates[1]), alpha, own)
    return made


def error(colours: Tensor, case: Case) -> float:
    """Return the error at the edge in code values, the mean over what the subject is laid on."""
    _, alpha, own = case
    made, truth = torch.cat([colours, alpha[None]]), torch.cat([own, alpha[None]])
    return 255 * statistics.mean(edge(made, truth, behind) for behind in BEHIND.values())


def speed(case: Case) -> None:
    """Print how long the live path takes at common sizes."""
    for size, (high, wide) in SIZES.items():
        image = resize(case[0], high, wide, "bilinear")
        alpha = resize(case[1].expand(3, -1, -1), high, wide, "bilinear")[0]
        ms = []
        for _ in range(8):
            began = time.perf_counter()
            with torch.inference_mode():
                foreground(image, alpha, 320)
            ms.append(1000 * (time.perf_counter() - began))
        soft = ((alpha > 1 / 512) & (alpha < 511 / 512)).float().mean()
        print(f"  {size:>5}: {min(ms):6.1f} ms, {100 * soft:.0f} % of the picture being edge")


def _over(own: Tensor, alpha: Tensor, plate: Tensor) -> Tensor:
    """Return colours laid over a plate, in 8 bits."""
    scene = resize(plate, *alpha.shape)
    return stills.tensor(stills.codes(torch.lerp(scene, own, alpha)))


def _peer(held: dict[str, Case]) -> list[float] | None:
    given = {name: (stills.codes(c), stills.codes(a)) for name, (c, a, _) in held.items()}
    made = pymatting_peer.made_by("ml", given)
    if made is None:
        return None
    return [
        error(torch.from_numpy(made.arrays[name]).permute(2, 0, 1), case)
        for name, case in held.items()
    ]


def main() -> None:
    """Print the table."""
    held = cases()
    ways: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
        "the picture's own colours": lambda image, alpha: image,
        "estimated at full size": foreground,
        "estimated at 480 pixels": lambda image, alpha: foreground(image, alpha, 480),
        "estimated at 320 pixels": lambda image, alpha: foreground(image, alpha, 320),
    }
    print(f"error at the edge over {', '.join(BEHIND)}, code values, {len(held)} composites")
    pasted = 0.0
    for title, way in ways.items():
        mean = statistics.mean(error(way(case[0], case[1]), case) for case in held.values())
        pasted = pasted or mean
        print(f"  {title:26} {mean:5.2f}  {pasted / mean:4.1f} x smaller (bar {BAR:g})")
    theirs = _peer(held)
    if theirs is not None:
        mean = statistics.mean(theirs)
        print(f"  {'PyMatting, multi-level':26} {mean:5.2f}  {pasted / mean:4.1f} x smaller")
    print("milliseconds at 320 pixels, the best of 8")
    speed(held["GT18-0"])


if __name__ == "__main__":
    main()
