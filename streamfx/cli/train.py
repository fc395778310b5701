"""``streamfx train``: make the weights of our own networks again, from a folder of footage."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streamfx.cli import options
from streamfx.cli.terminal import Terminal
from streamfx.errors import SettingError

if TYPE_CHECKING:  # brings torch
    from collections.abc import Callable

    from streamfx.train.settings import Settings

RECIPES = ("matting", "plate", "interpolation")
"""What there is a recipe for."""


def command(
    context: typer.Context,
    recipe: Annotated[
        str, typer.Argument(metavar="RECIPE", help=f"What to train: {', '.join(RECIPES)}.")
    ],
    footage: Annotated[
        str, typer.Option("--footage", metavar="FOLDER", help="Where the footage lies.")
    ],
    out: Annotated[
        str,
        typer.Option(
            "--out",
            metavar="FOLDER",
            help="Where checkpoints, weights and card go; what is there is taken up again.",
        ),
    ] = "training",
    share: Annotated[
        float, typer.Option(metavar="SHARE", help="Share of the steps, above 0 and up to 1.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Of everything random.")] = 1,
    threads: Annotated[
        int, typer.Option(metavar="N", min=0, help="Threads; 0: as many as there are cores.")
    ] = 0,
    device: options.Device = "auto",
    json: options.Json = False,
) -> None:
    """Train one of the shipped networks from footage, and write its weights and its card."""
    terminal: Terminal = context.obj
    terminal.json = json
    if recipe not in RECIPES:
        raise SettingError(f"no recipe {recipe!r}; there are: {', '.join(RECIPES)}")
    import torch

    from streamfx.engine.settings import choose_device
    from streamfx.train.settings import Settings

    if threads:
        torch.set_num_threads(threads)
    on, _ = choose_device(device)
    settings = Settings(Path(footage), Path(out) / recipe, share, seed, on)
    log = logging.getLogger("streamfx.train")
    log.setLevel(min(log.getEffectiveLevel(), logging.INFO))
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    log.addHandler(handler)
    begun = time.monotonic()
    try:
        path = _recipe(recipe)(settings)
    finally:
        log.removeHandler(handler)
    minutes = (time.monotonic() - begun) / 60
    if json:
        terminal.dump({"weights": str(path), "card": str(path.with_suffix(".toml"))})
    else:
        terminal.show(f"{path} and its card, after {minutes:.0f} min on {on}")


def _recipe(name: str) -> Callable[[Settings], Path]:
    if name == "matting":
        from streamfx.train.portrait import train
    elif name == "interpolation":
        from streamfx.train.interpolation import train
    else:
        from streamfx.train.plate import train
    return train
