"""Parameters: declared once, in the class body, with bounds, unit and help; always checked."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticUndefined

from streamfx.errors import ParamError

T = TypeVar("T")


def param(
    *,
    default: T = PydanticUndefined,  # type: ignore[assignment]  # left out: the parameter is required
    ge: float | None = None,
    le: float | None = None,
    gt: float | None = None,
    lt: float | None = None,
    unit: str = "",
    help: str = "",
    live: bool = False,
) -> T:
    """Declare a parameter of a node.

    ``default`` is given by name: type checkers read it only then (PEP 681); without it the
    parameter must be given. ``ge``, ``le``, ``gt`` and ``lt`` bound a number. A choice among words
    is written as the type: ``Literal["fill", "fit"]``. ``live`` says that it may change while the
    node runs, from one frame to the next.
    """
    extra: dict[str, Any] = {"live": live}
    if unit:
        extra["unit"] = unit
    made: T = Field(
        default=default,
        ge=ge,
        le=le,
        gt=gt,
        lt=lt,
        description=help,
        json_schema_extra=extra,
        validate_default=False,
    )
    return made


def first_fault(error: ValidationError, model: type[BaseModel]) -> ParamError:
    """Return the first thing that pydantic found wrong, as one line in our words."""
    fault = error.errors(include_url=False)[0]
    name = str(fault["loc"][0]) if fault["loc"] else "?"
    return ParamError(_line(name, fault, model))


def _line(name: str, fault: ErrorDetails, model: type[BaseModel]) -> str:
    known = ", ".join(model.model_fields) or "none"
    match fault["type"]:
        case "extra_forbidden" | "no_such_attribute":
            return f"unknown parameter {name!r}; there are: {known}"
        case "missing":
            return f"{name} must be given"
        case "frozen_field":
            return f"{name} cannot change"
    rule = _rule(fault, model, name)
    return f"{name} must be {rule}, got {fault['input']!r}"


_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "less_than_equal": ("at most", "le"),
    "greater_than": ("above", "gt"),
    "less_than": ("below", "lt"),
}
_KINDS = {"int": "a whole number", "float": "a number", "string": "a text", "bool": "true or false"}


def _rule(fault: ErrorDetails, model: type[BaseModel], name: str) -> str:
    if fault["type"] in _BOUNDS:
        words, key = _BOUNDS[fault["type"]]
        return f"{words} {_number(fault['ctx'][key])}{_unit(model, name)}"
    if fault["type"] == "literal_error":
        return f"one of {fault['ctx']['expected']}"
    kind = fault["type"].partition("_")[0]
    if kind in _KINDS:
        return _KINDS[kind]
    text = fault["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return text[:1].lower() + text[1:]


def _unit(model: type[BaseModel], name: str) -> str:
    field = model.model_fields.get(name)
    extra = field.json_schema_extra if field else None
    unit = extra.get("unit") if isinstance(extra, dict) else None
    return f" {unit}" if unit else ""


def _number(value: float) -> str:
    return f"{value:g}"
