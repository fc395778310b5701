from pathlib import Path

import pytest

from streamfx import Frame, Held, Node, Sound, Span, param
from streamfx.errors import GraphError, ParamError
from streamfx.graph.build import Pipeline, build
from streamfx.graph.preset import parse


class Blend(Node):
    factor: int = param(default=2, ge=2, le=8)

    def process(self, frame: Frame) -> Frame:
        return frame


class Over(Node):
    def process(self, subject: Frame, background: Held[Frame]) -> Frame:
        return subject


class Dub(Node):
    def process(self, face: Frame, speech: Span[Sound]) -> Frame:
        return face


class Reads(Node):
    file: Path = param()

    def process(self, frame: Frame, mask: Held[Frame] | None = None) -> Frame:
        return frame


class Listens(Node):
    def process(self, sound: Sound) -> Sound:
        return sound


CATALOG: dict[str, type[Node]] = {
    "x.blend": Blend,
    "x.over": Over,
    "x.dub": Dub,
    "x.reads": Reads,
    "x.listens": Listens,
}


def made(*nodes: str, output: str = "") -> Pipeline:
    text = 'title = "t"\n' + "".join(f"[[node]]\n{node}\n" for node in nodes)
    return build(parse(text + output, folder=Path("/looks")), CATALOG)


def test_a_graph_without_nodes_puts_out_its_input() -> None:
    assert made().outputs == {"video": "input.video"}


def test_each_node_is_fed_by_the_one_above() -> None:
    pipeline = made('id = "a"\nuse = "x.blend"', 'id = "b"\nuse = "x.blend"')
    assert [step.driver for step in pipeline.steps] == ["input.video", "a.out"]
    assert pipeline.outputs["video"] == "b.out"


def test_the_driving_port_may_be_left_out() -> None:
    pipeline = made('use = "x.over"\nfrom = { background = "input.stage" }')
    assert dict(pipeline.steps[0].wires) == {"subject": "input.video", "background": "input.stage"}
    assert pipeline.named_inputs() == ["stage"]


def test_an_input_is_sound_where_sound_is_wanted() -> None:
    pipeline = made(
        'use = "x.dub"\nfrom = { speech = "input.voice" }', output='[output]\naudio = "input.voice"'
    )
    assert pipeline.inputs == {"input.video": Frame, "input.voice.audio": Sound}
    assert pipeline.outputs["audio"] == "input.voice.audio"


def test_paths_start_at_the_folder_of_the_preset() -> None:
    pipeline = made('use = "x.reads"\nwith = { file = "film.cube" }')
    node = pipeline.steps[0].node
    assert isinstance(node, Reads)
    assert node.file == Path("/looks/film.cube")


@pytest.mark.parametrize(
    ("node", "complaint"),
    [
        (
            'id = "x"\nuse = "x.over"',
            "node 'x' takes subject, background; nothing feeds 'background'",
        ),
        (
            'id = "x"\nuse = "x.blend"\nwith = { factor = 1 }',
            "node 'x': factor must be at least 2, got 1",
        ),
        (
            'id = "x"\nuse = "x.blend"\nwith = { fcator = 3 }',
            "unknown parameter 'fcator'; there are: factor",
        ),
        (
            'id = "x"\nuse = "x.blend"\nfrom = "y"',
            "is fed by 'y', which is not above it; above it: no node",
        ),
        ('id = "x"\nuse = "x.blend"\nfrom = "x"', "is fed by 'x', which is not above it"),
        (
            'id = "x"\nuse = "x.blend"\nfrom = { nope = "input.video" }',
            "no port 'nope'; it takes frame",
        ),
        (
            'id = "x"\nuse = "x.blend"\nfrom = "input.audio"',
            "takes Frame, but input.audio is Sound",
        ),
        ('id = "x"\nuse = "x.blend"\nfrom = "input."', "an input is written input.NAME"),
        ('id = "x"\nuse = "x.reads"', "node 'x': file must be given"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(node: str, complaint: str) -> None:
    with pytest.raises(GraphError) as caught:
        made(node)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_wires_must_carry_what_the_port_takes() -> None:
    with pytest.raises(GraphError, match="takes Frame, but 'ear' puts out Sound"):
        made('id = "ear"\nuse = "x.listens"\nfrom = "input.audio"', 'id = "b"\nuse = "x.blend"')


def test_ids_are_unique() -> None:
    with pytest.raises(GraphError, match="two nodes are called 'blend'"):
        made('use = "x.blend"', 'use = "x.blend"')


def test_parameter_errors_are_graph_errors() -> None:
    assert issubclass(ParamError, GraphError)
