"""The presets that the played server offers, with a parameter of every kind."""

from __future__ import annotations

from typing import Any

EXPOSURE = {
    "stops": {
        "title": "Stops",
        "type": "number",
        "minimum": -4,
        "maximum": 4,
        "default": 0.0,
        "description": "How much brighter, in stops.",
        "unit": "stops",
        "live": True,
    }
}
EVERYTHING = {
    "radius": {"title": "Radius", "type": "integer", "minimum": 0, "maximum": 50, "default": 8},
    "count": {"title": "Count", "type": "integer", "default": 3, "minimum": 1},
    "on": {"title": "On", "type": "boolean", "default": True},
    "fit": {"title": "Fit", "enum": ["fill", "fit", "stretch"], "type": "string", "default": "fit"},
    "colour": {"title": "Colour", "type": "string", "default": "lime"},
    "name": {"title": "Name", "type": "string", "default": ""},
    "limit": {"title": "Limit", "anyOf": [{"type": "number"}, {"type": "null"}], "default": None},
    "mode": {"$ref": "#/$defs/Mode", "default": "soft"},
}
DEFINITIONS = {"Mode": {"title": "Mode", "enum": ["soft", "hard"], "type": "string"}}
PRESETS: dict[str, tuple[str, list[str], dict[str, tuple[str, dict[str, Any]]]]] = {
    "soft-focus": (
        "A glow, as through a soft-focus filter",
        [],
        {"glow": ("adjust.exposure", EXPOSURE)},
    ),
    "plate-background": (
        "Put yourself somewhere else",
        ["plate", "background"],
        {"cut": ("matting.difference", EXPOSURE), "stage": ("compose.over", EVERYTHING)},
    ),
    "identity": ("Change nothing", [], {}),
}


def summaries() -> list[dict[str, Any]]:
    """Return them as a list of choices."""
    return [
        {"name": name, "title": title, "inputs": inputs}
        for name, (title, inputs, _) in PRESETS.items()
    ]
