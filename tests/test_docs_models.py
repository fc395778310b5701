"""What docs/models.md says is what there is."""

import re
import tomllib
from pathlib import Path
from typing import Any

from streamfx.models.shelf import parse, shipped

TEXT = (Path(__file__).parents[1] / "docs" / "models.md").read_text("utf-8")
BLOCKS = dict(re.findall(r"```(\w+)\n(.*?)```", TEXT, re.DOTALL))


def test_its_card_is_one() -> None:
    text = BLOCKS["toml"].replace('sha256 = "…"', "# sha256 left out")
    assert tomllib.loads(text)
    assert parse("hair", text).io == {"arguments": {"channels": 24}}


def test_its_models_are_on_the_shelf() -> None:
    for name in re.findall(r"models (?:card|pull) ([a-z][\w-]*)", BLOCKS["sh"]):
        assert name in shipped()


def test_its_script_runs(pulled) -> None:
    pulled("mediapipe-selfie")
    made: dict[str, Any] = {}
    exec(BLOCKS["python"], made)
    assert made["mask"].shape == (1, 1, 256, 256)


def test_its_commands_are_the_program_s() -> None:
    from streamfx.cli.models import app

    there = {
        each.name or getattr(each.callback, "__name__", "") for each in app.registered_commands
    }
    assert set(re.findall(r"streamfx models (\w+)", TEXT)) <= there
