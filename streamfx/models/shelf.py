"""The cards: one TOML file for each model that streamfx knows by name."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from pydantic import TypeAdapter, ValidationError

from streamfx.errors import ModelError
from streamfx.models.card import NAME, ModelCard

_KEYS = tuple(
    "file" if f.name == "files" else f.name for f in fields(ModelCard) if f.name != "name"
)


@cache
def shipped() -> Mapping[str, ModelCard]:
    """Return the cards that come with streamfx, by name, in order of their names."""
    here = files("streamfx.models.cards").iterdir()
    found = sorted((f.name.removesuffix(".toml"), f) for f in here if f.name.endswith(".toml"))
    return {name: read(name, file) for name, file in found}


def read(name: str, file: Traversable) -> ModelCard:
    """Return the card in a TOML file. Raises :exc:`ModelError` saying what is wrong with it."""
    try:
        return parse(name, file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as exc:
        raise ModelError(f"cannot read the card {file}: {exc}") from exc


def parse(name: str, text: str) -> ModelCard:
    """Return the card of the model ``name`` that a TOML text describes.

    The keys are the fields of :class:`ModelCard`; its files are written as ``[[file]]``, a table
    each. Raises :exc:`ModelError` naming the card and the key.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise ModelError(f"card {name!r} is not TOML: {exc}") from exc
    if not NAME.fullmatch(name):
        raise ModelError(f"a model's name is lower-case letters, digits, - and ., got {name!r}")
    for key in table:
        if key not in _KEYS:
            raise ModelError(f"card {name!r}: unknown key {key!r}; there are: {', '.join(_KEYS)}")
    table["files"] = table.pop("file", [])
    try:
        return _ADAPTER.validate_python({"name": name, **table})
    except ValidationError as exc:
        raise ModelError(f"card {name!r}: {_fault(exc)}") from exc
    except ModelError as exc:
        raise ModelError(f"card {name!r}: {str(exc).removeprefix(f'model {name!r}: ')}") from exc


def write(card: ModelCard) -> str:
    """Return the TOML text that :func:`parse` reads back as the same card."""
    table = as_table(card)
    parts = {key: table.pop(key) for key in ("source", "scores", "io") if key in table}
    entries = table.pop("files", [])
    text = [_lines(table)]
    text += [f"[{key}]\n{_lines(part)}" for key, part in parts.items()]
    text += [f"[[file]]\n{_lines(entry)}" for entry in entries]
    return "\n".join(text)


def as_table(card: ModelCard) -> dict[str, Any]:
    """Return what a card says beside its name as plain values; what it leaves open is left out."""
    table: dict[str, Any] = _ADAPTER.dump_python(
        card, mode="json", exclude_defaults=True, exclude={"name"}
    )
    return table


_ADAPTER = TypeAdapter(ModelCard)


def _fault(exc: ValidationError) -> str:
    fault = exc.errors(include_url=False)[0]
    place = ".".join(str(part) for part in fault["loc"]).replace("files.", "file.")
    if fault["type"].startswith("missing"):
        return f"{place} must be given"
    if fault["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        return f"unknown key {place!r}"
    text = fault["msg"].removeprefix("Input should be ")
    return f"{place} must be {text[:1].lower()}{text[1:]}, got {fault['input']!r}"


def _lines(table: Mapping[str, Any]) -> str:
    return "".join(f"{_key(key)} = {_toml(value)}\n" for key, value in table.items())


def _key(key: str) -> str:
    plain = key.replace("_", "").replace("-", "")
    return key if plain.isalnum() and plain.isascii() else _toml(key)


def _toml(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case Mapping():
            return "{ " + ", ".join(f"{_key(str(k))} = {_toml(v)}" for k, v in value.items()) + " }"
        case list() | tuple():
            return "[" + ", ".join(map(_toml, value)) + "]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " else f"\\u{ord(c):04x}" for c in text) + '"'
