import json

import jsonschema
import pytest

from streamfx.engine.live_controls import describe, set_value
from streamfx.errors import ParamError
from streamfx.scripting import Graph
from tests.livefx import Adds, Joins, pipeline


def test_only_parameters_that_may_change_are_described() -> None:
    graph = pipeline(Adds(level=0.25), Joins(), other="scene")
    adds, joins = json.loads(json.dumps(describe(graph)))
    assert adds["id"] == adds["use"] == "adds"
    assert adds["title"] == "Adds a level; takes as long as it is told to"
    assert set(adds["schema"]["properties"]) == {"level", "reach"}
    assert adds["schema"]["properties"]["level"]["maximum"] == 1
    assert adds["values"] == {"level": 0.25, "reach": 8}
    assert (joins["schema"]["properties"], joins["values"]) == ({}, {})


@pytest.mark.parametrize("preset", ["brighten", "soft-focus", "flatten", "film-look"])
def test_values_of_shipped_nodes_fit_their_own_schema(preset: str) -> None:
    for node in describe(Graph.load(preset).pipeline()):
        jsonschema.validate(node["values"], node["schema"])


def test_a_value_is_set_and_returned_as_taken() -> None:
    graph = pipeline(Adds())
    assert set_value(graph, "adds", "level", 1) == 1
    assert describe(graph)[0]["values"]["level"] == 1


@pytest.mark.parametrize(
    ("node", "name", "value", "message"),
    [
        ("nix", "level", 0.5, "no node 'nix'; there are: adds"),
        ("adds", "nix", 0.5, "node 'adds': unknown parameter 'nix'; there are: level, reach"),
        ("adds", "fixed", 2, "node 'adds': fixed cannot change while it runs; can: level, reach"),
        ("adds", "level", 1.5, "node 'adds': level must be at most 1 share, got 1.5"),
        ("adds", "level", "much", "node 'adds': level must be a number, got 'much'"),
        ("adds", "level", True, "node 'adds': level must be a number, got True"),
        ("adds", "level", float("nan"), "node 'adds': level must be a finite number, got nan"),
        ("adds", "_seen", 1, "node 'adds': unknown parameter '_seen'; there are: level, reach"),
    ],
)
def test_what_cannot_be_set_is_refused(node: str, name: str, value: object, message: str) -> None:
    graph = pipeline(Adds())
    with pytest.raises(ParamError) as caught:
        set_value(graph, node, name, value)
    assert str(caught.value) == message
    assert describe(graph)[0]["values"] == {"level": 0.1, "reach": 8}


def test_a_graph_without_nodes_says_that_there_are_none() -> None:
    with pytest.raises(ParamError, match="no node 'x'; there are: none"):
        set_value(pipeline(), "x", "y", 1)
