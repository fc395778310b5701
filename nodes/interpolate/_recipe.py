"""How a published interpolation network wants to be fed: the table ``[io]`` of its card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from streamfx import ParamError

_STRICT = ConfigDict(extra="forbid", frozen=True)


class Inputs(BaseModel):
    """What the network calls its inputs: two frames, or one stack of all there is."""

    model_config = _STRICT

    first: str = ""
    """The first frame."""
    second: str = ""
    """The second frame."""
    stack: str = ""
    """Both frames, one behind the other in the channels, then the instant where ``time`` is map."""
    time: str = ""
    """The instant between them; empty: there is no such input."""

    @model_validator(mode="after")
    def _one_way(self) -> Inputs:
        if bool(self.first and self.second) == bool(self.stack):
            raise ValueError("first and second, or stack")
        return self


class Recipe(BaseModel):
    """How one network is fed, and what comes out of it."""

    model_config = _STRICT

    inputs: Inputs
    """Names of what goes in."""
    output: str
    """Name of the picture that comes out."""
    time: Literal["none", "number", "map"] = "none"
    """How the instant is told: not at all (it is the middle), as a number, or as a plane of it."""
    order: Literal["rgb", "bgr"] = "rgb"
    """Of the channels."""


def recipe(name: str, io: Mapping[str, Any]) -> Recipe:
    """Return the recipe of the model ``name``. Raises :exc:`ParamError` naming what is wrong."""
    try:
        made = Recipe.model_validate(io)
    except ValidationError as exc:
        fault = exc.errors(include_url=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        what = str(fault["msg"]).removeprefix("Value error, ")
        raise ParamError(f"the card of {name!r}, [io]: {place}: {what}") from exc
    if made.time != "none" and not (made.inputs.time or made.inputs.stack):
        raise ParamError(f"the card of {name!r}, [io]: time is {made.time}, and no input takes it")
    return made
