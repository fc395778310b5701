from collections.abc import Iterator
from typing import Literal, NamedTuple

import pytest

from streamfx import Frame, Held, Node, Sound, Span, param
from streamfx.errors import ParamError
from streamfx.node import Policy, Port
from streamfx.testing import clip


class Mix(Node):
    amount: float = param(default=0.5, ge=0, le=1, unit="x", help="How much.", live=True)
    fit: Literal["fill", "fit"] = param(default="fill")

    def process(
        self, a: Frame, b: Held[Frame], speech: Span[Sound] | None = None
    ) -> Iterator[Frame]:
        yield a


class Both(NamedTuple):
    picture: Frame
    matte: Frame


def test_ports_come_from_the_signature() -> None:
    assert Mix.inputs == {
        "a": Port(Frame, Policy.DRIVES),
        "b": Port(Frame, Policy.HELD),
        "speech": Port(Sound, Policy.SPAN, optional=True),
    }
    assert Mix.outputs == {"out": Frame}


def test_a_named_tuple_is_several_outputs() -> None:
    class Cut(Node):
        def process(self, frame: Frame) -> Both | None:
            return None

    assert Cut.outputs == {"picture": Frame, "matte": Frame}


def test_whole_numbers_do_for_a_float() -> None:
    assert Mix(amount=1).amount == 1.0


@pytest.mark.parametrize("bad", [-0.1, 1.1, "half", True, None])
def test_parameters_are_checked(bad: object) -> None:
    with pytest.raises(ParamError, match="amount must be .*, got"):
        Mix(amount=bad)  # type: ignore[arg-type]  # the mistake under test


def test_the_bound_and_the_value_are_both_in_the_message() -> None:
    with pytest.raises(ParamError, match="amount must be at most 1 x, got 3"):
        Mix(amount=3)
    with pytest.raises(ParamError, match="fit must be one of 'fill' or 'fit', got 'zoom'"):
        Mix(fit="zoom")  # type: ignore[arg-type]  # the mistake under test


def test_changes_are_checked_like_first_values() -> None:
    mix = Mix()
    mix.amount = 0.25
    with pytest.raises(ParamError, match="amount must be at most 1 x, got 2"):
        mix.amount = 2
    with pytest.raises(ParamError, match="unknown parameter 'amuont'; there are: amount, fit"):
        mix.amuont = 1
    assert mix.amount == 0.25


def test_state_needs_no_declaration() -> None:
    mix = Mix()
    mix._seen = 3  # real nodes make it in open()
    assert mix.fresh().amount == mix.amount
    assert not hasattr(mix.fresh(), "_seen")


def test_the_schema_tells_bounds_unit_help_and_whether_it_is_live() -> None:
    amount = Mix.model_json_schema()["properties"]["amount"]
    assert (amount["minimum"], amount["maximum"], amount["unit"]) == (0, 1, "x")
    assert (amount["description"], amount["live"]) == ("How much.", True)


def test_a_second_input_must_say_how_it_keeps_up() -> None:
    with pytest.raises(TypeError, match="b must be Held"):

        class Bad(Node):
            def process(self, a: Frame, b: Frame) -> Frame:
                return a


def test_the_first_input_drives() -> None:
    with pytest.raises(TypeError, match="a comes first"):

        class Bad(Node):
            def process(self, a: Held[Frame]) -> Frame:
                return a


def test_what_comes_out_must_be_said() -> None:
    with pytest.raises(TypeError, match="say what comes out"):

        class Bad(Node):
            def process(self, a: Frame):
                return a


def test_a_node_must_process() -> None:
    with pytest.raises(TypeError, match=r"must define process\(\)"):

        class Bad(Node):
            pass


def test_what_was_found_before_is_not_reused_unless_a_node_says_how() -> None:
    node = Mix()
    assert not node.reuses
    assert node.reuse(clip(0.5)[0]) is None
