import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from streamfx import Frame, Held, Node, Sound, Span, param
from streamfx.catalog import Catalog
from streamfx.graph import draw
from streamfx.graph.build import Pipeline, build
from streamfx.graph.preset import load, parse, shipped

NS = {"svg": "http://www.w3.org/2000/svg"}


class Lift(Node):
    """Brighten."""

    stops: float = param(default=0.0, unit="EV")
    note: str = param(default="a")

    def process(self, frame: Frame) -> Frame:
        return frame


class Over(Node):
    """Lay over."""

    def process(self, subject: Frame, background: Held[Frame]) -> Frame:
        return subject


class Parts(NamedTuple):
    colour: Frame
    matte: Frame


class Cut(Node):
    """Cut out."""

    def process(self, frame: Frame) -> Iterator[Parts]:
        yield Parts(frame, frame)


class Lips(Node):
    """Speak."""

    def process(self, face: Frame, speech: Span[Sound]) -> Frame:
        return face


NODES: dict[str, type[Node]] = {"a.lift": Lift, "a.over": Over, "a.cut": Cut, "a.lips": Lips}

BUSY = """
title = "Cut <out> & \\"about\\""
[[node]]
id = "cut"
use = "a.cut"
[[node]]
id = "speak"
use = "a.lips"
from = { face = "cut.colour", speech = "input.audio" }
[[node]]
id = "lift"
use = "a.lift"
with = { stops = 0.5, note = "<&\\"#" }
[[node]]
id = "stage"
use = "a.over"
from = { subject = "lift", background = "input.background" }
[output]
matte = "cut.matte"
"""


@pytest.fixture
def busy() -> Pipeline:
    return build(parse(BUSY), NODES)


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iterfind(".//svg:text", NS)]


def test_an_svg_names_every_node_with_its_id_and_class(busy: Pipeline) -> None:
    found = texts(draw.svg(busy))
    for step in busy.steps:
        assert step.id in found
        assert step.use in found


def test_an_svg_shows_only_parameters_that_differ_with_their_units(busy: Pipeline) -> None:
    found = texts(draw.svg(busy))
    assert "stops" in found
    assert "0.5 EV" in found
    plain = texts(draw.svg(build(parse(BUSY.replace("stops = 0.5, ", "")), NODES)))
    assert "stops" not in plain


def test_an_svg_names_the_ports_of_nodes_that_have_several_and_how_they_keep_up(
    busy: Pipeline,
) -> None:
    found = texts(draw.svg(busy))
    for word in ("subject", "background", "held", "face", "speech", "span", "colour", "matte"):
        assert word in found


def test_an_svg_is_whole_xml_whatever_the_texts_hold(busy: Pipeline) -> None:
    found = texts(draw.svg(busy))
    assert busy.title in found
    assert '<&"#' in found


def test_an_svg_has_a_wire_for_every_connection_and_every_output(busy: Pipeline) -> None:
    wires = [
        element
        for element in ET.fromstring(draw.svg(busy)).iterfind(".//svg:path", NS)
        if element.get("class", "").startswith("wire")
    ]
    assert len(wires) == sum(len(step.wires) for step in busy.steps) + len(busy.outputs)
    assert sum("sound" in wire.get("class", "") for wire in wires) == 1


def test_an_svg_has_colours_for_dark_pages(busy: Pipeline) -> None:
    assert "prefers-color-scheme:dark" in draw.svg(busy)


def test_mermaid_has_a_box_for_every_node_and_an_arrow_for_every_wire(busy: Pipeline) -> None:
    lines = draw.mermaid(busy).splitlines()
    assert lines[0] == "flowchart LR"
    assert sum("-->" in line for line in lines) == 8
    assert any("<b>lift</b><br/>a.lift<br/>stops = 0.5 EV" in line for line in lines)
    assert any('-->|"background"|' in line for line in lines)


def test_mermaid_escapes_what_would_end_a_label(busy: Pipeline) -> None:
    (line,) = (line for line in draw.mermaid(busy).splitlines() if "<b>lift</b>" in line)
    assert "note = &lt;&amp;#quot;#35;" in line
    assert line.count('"') == 2


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_preset_can_be_drawn(name: str) -> None:
    pipeline = build(load(name), Catalog.shipped())
    ET.fromstring(draw.svg(pipeline))
    assert draw.mermaid(pipeline).startswith("flowchart LR\n")


def test_a_graph_without_nodes_is_a_wire_from_input_to_output() -> None:
    found = texts(draw.svg(build(parse('title = "Nothing"'), NODES)))
    assert found == ["Nothing", "input", "video", "output", "video"]
