"""How a published matting network wants to be fed: the table ``[io]`` of its card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from streamfx import ParamError

_STRICT = ConfigDict(extra="forbid", frozen=True)


class Inputs(BaseModel):
    """What the network calls its inputs."""

    model_config = _STRICT

    image: str
    """The picture."""
    plate: str = ""
    """The same view without the subject; empty: it needs none."""
    downsample: str = ""
    """A number: how much smaller it looks first; empty: there is no such setting."""


class Outputs(BaseModel):
    """What the network calls its outputs."""

    model_config = _STRICT

    alpha: str
    """The matte."""
    foreground: str = ""
    """The subject's own colours; empty: it gives none."""


class Recipe(BaseModel):
    """How one network is fed, and what comes out of it."""

    model_config = _STRICT

    inputs: Inputs
    """Names of what goes in."""
    outputs: Outputs
    """Names of what comes out."""
    states: tuple[tuple[str, str], ...] = ()
    """Recurrent inputs, each with the output that becomes it for the next frame."""
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Taken from R'G'B' in [0, 1] before it goes in."""
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """What is left is divided by this."""
    order: Literal["rgb", "bgr"] = "rgb"
    """Of the channels."""
    layout: Literal["nchw", "nhwc"] = "nchw"
    """Of the axes, going in and coming out."""
    shorter: int = Field(default=0, ge=0)
    """Pixels of the shorter side as it goes in; 0: as the picture is."""
    longer: int = Field(default=0, ge=0)
    """Most pixels of the longer side as it goes in; 0: any."""
    downsample_to: int = Field(default=512, ge=1)
    """Pixels of the longer side that a ``downsample`` input is chosen for."""
    activation: Literal["none", "sigmoid", "softmax"] = "none"
    """What turns the matte that comes out into [0, 1]."""
    channel: int = Field(default=0, ge=0)
    """Which channel of it is the subject."""

    @field_validator("std")
    @classmethod
    def _divides(cls, std: tuple[float, float, float]) -> tuple[float, float, float]:
        if 0 in std:
            raise ValueError("anything but 0")
        return std

    def size(self, high: int, wide: int, multiple: int) -> tuple[int, int]:
        """Return height and width at which a picture of ``high`` x ``wide`` goes in."""
        by = self.shorter / min(high, wide) if self.shorter else 1.0
        if self.longer:
            by = min(by, self.longer / max(high, wide))
        return _near(high * by, multiple), _near(wide * by, multiple)

    def downsample(self, high: int, wide: int) -> float:
        """Return how much smaller the network should look first (Lin et al. 2022, their code)."""
        return min(self.downsample_to / max(high, wide), 1.0)


def recipe(name: str, io: Mapping[str, Any]) -> Recipe:
    """Return the recipe of the model ``name``. Raises :exc:`ParamError` naming what is wrong."""
    try:
        return Recipe.model_validate(io)
    except ValidationError as exc:
        fault = exc.errors(include_url=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        line = _line(place, fault["type"], fault)
        raise ParamError(f"the card of {name!r}, [io]: {line}") from exc


def _line(place: str, kind: str, fault: Mapping[str, Any]) -> str:
    if kind == "missing":
        return f"{place} must be given"
    if kind == "extra_forbidden":
        head = place.partition(".")[0]
        tables: dict[str, type[BaseModel]] = {"inputs": Inputs, "outputs": Outputs}
        of = tables.get(head, Recipe)
        return f"unknown key {place!r}; there are: {', '.join(of.model_fields)}"
    text = str(fault["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
    return f"{place} must be {text[:1].lower()}{text[1:]}, got {fault['input']!r}"


def _near(size: float, multiple: int) -> int:
    """Return the multiple that is nearest to a size, and at least one."""
    return max(1, round(size / multiple)) * multiple
