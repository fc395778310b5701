"""Options that several commands share, and what their texts turn into."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from streamfx.errors import GraphError
from streamfx.timing import parse_instant, parse_rate

if TYPE_CHECKING:  # brings torch, which --help does without
    from streamfx.engine.settings import RunSettings


class Encoder(StrEnum):
    """Which kind of encoder."""

    AUTO = "auto"
    CPU = "cpu"
    NVENC = "nvenc"


def preset_names(incomplete: str) -> list[str]:
    """Return the shipped presets that begin like this, for the shell to complete."""
    from streamfx.graph.preset import shipped

    return [name for name in shipped() if name.startswith(incomplete)]


IN, OUT = "What comes in", "What comes out"

Preset = Annotated[
    str,
    typer.Argument(
        metavar="PRESET",
        help="A shipped preset by name, or the path of a .toml file.",
        autocompletion=preset_names,
    ),
]
Source = Annotated[
    str,
    typer.Argument(
        metavar="INPUT",
        help="A video, a picture, a sequence (shot.%04d.png), a URL, or - for stdin.",
    ),
]
TARGET = (
    "A file, a sequence (out.%04d.png), or - for stdout. The extension says which kind of file."
)
Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        "-i",
        metavar="NAME=PATH",
        help="A further input. A video that is only held beside the main one begins again when it "
        "ends; PATH#t=2,5 takes seconds 2 to 5 of it, PATH#once holds its last picture.",
        rich_help_panel=IN,
    ),
]
Params = Annotated[
    list[str] | None,
    typer.Option("--param", "-p", metavar="NODE.PARAM=VALUE", help="Set a parameter of a node."),
]
NodeFiles = Annotated[
    list[str] | None,
    typer.Option("--nodes", metavar="FILE.py", help="Add the nodes in a file of your own."),
]
Start = Annotated[
    str | None,
    typer.Option(
        metavar="TIME", help="Begin here, exactly: 12.5 or 1:02:03.5.", rich_help_panel=IN
    ),
]
End = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="End before this instant.", rich_help_panel=IN),
]
Fps = Annotated[
    str | None,
    typer.Option(
        metavar="RATE", help="Rate of an image sequence: 25, 30000/1001.", rich_help_panel=IN
    ),
]
Codec = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="h264, hevc, av1, vp9, prores, dnxhr, ffv1 ... (all: streamfx doctor); else chosen by "
        "the extension, depth and alpha.",
        rich_help_panel=OUT,
    ),
]
Quality = Annotated[
    float | None,
    typer.Option(
        metavar="NUMBER",
        help="The codec's own constant quality, such as the CRF of h264.",
        rich_help_panel=OUT,
    ),
]
EncoderChoice = Annotated[
    Encoder, typer.Option(help="Encode on the processor or the card.", rich_help_panel=OUT)
]
Device = Annotated[
    str, typer.Option(metavar="DEVICE", help="Where nodes compute: auto, cpu, cuda or cuda:N.")
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace the output if it exists.", rich_help_panel=OUT)
]
Offline = Annotated[
    bool, typer.Option("--offline", help="Pull no models: what is not here is an error.")
]
Json = Annotated[bool, typer.Option("--json", help="Write JSON, for programs.")]


def settings(
    *,
    start: str | None = None,
    end: str | None = None,
    codec: str | None = None,
    quality: float | None = None,
    fps: str | None = None,
    encoder: Encoder = Encoder.AUTO,
    device: str = "auto",
    overwrite: bool = False,
) -> RunSettings:
    """Return the settings of a run. Raises :exc:`SettingError` for a text that says nothing."""
    from streamfx.engine.settings import RunSettings

    return RunSettings(
        start=None if start is None else parse_instant(start),
        end=None if end is None else parse_instant(end),
        codec=codec,
        quality=quality,
        fps=None if fps is None else parse_rate(fps),
        encoder=encoder.value,
        device=device,
        overwrite=overwrite,
    )


def pairs(option: str, given: Sequence[str] | None) -> dict[str, str]:
    """Return NAME=PATH texts as a table. Raises :exc:`GraphError` for any other text."""
    table: dict[str, str] = {}
    for text in given or ():
        name, sign, path = text.partition("=")
        if not (name and sign and path):
            raise GraphError(f"{option} takes NAME=PATH, got {text!r}")
        if name in table:
            raise GraphError(f"{option} {name}=... is given twice")
        table[name] = path
    return table
