"""Pictures of a graph: SVG for people to look at, Mermaid for pages that draw it themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from streamfx.frame import Frame, Sound
from streamfx.graph.build import Pipeline, Step
from streamfx.graph.diagram import (
    OUTPUT,
    Link,
    caption,
    labelled,
    links_of,
    names_of,
    params_of,
    ports_of,
)
from streamfx.graph.layout import Edge, Layout, Place, Size, arrange

PAD = 28.0
LINE = 20.0
BASE = 14.0
"""How far below the top of a row its text stands."""
HEAD = 50.0
"""Height of a box's name and id."""
GAP = 5.0
"""Above and below the rows of a part."""
INSET = 14.0
PILL = 32.0
WIDTHS = {"name": 8.4, "use": 7.0, "row": 7.0}
"""Width of a letter of each kind of text, on the safe side, so that text stays in its box."""


def mermaid(pipeline: Pipeline) -> str:
    """Return the graph as a Mermaid flowchart, which GitHub and many wikis draw."""
    wires = links_of(pipeline)
    steps = {step.id: step for step in pipeline.steps}
    keys = {name: f"n{i}" for i, name in enumerate(names_of(pipeline, wires))}
    lines = ["flowchart LR"]
    for name, key in keys.items():
        if name in steps:
            lines.append(f'    {key}["{_mermaid_lines(steps[name])}"]')
        else:
            lines.append(f'    {key}(["{_mermaid_text(" ".join(caption(name)))}"])')
    for wire in wires:
        label = f'|"{_mermaid_text(wire.port)}"|' if labelled(steps.get(wire.end)) else ""
        lines.append(f"    {keys[wire.start]} -->{label} {keys[wire.end]}")
    return "\n".join(lines) + "\n"


def svg(pipeline: Pipeline) -> str:
    """Return the graph as an SVG of its own, legible on light and on dark pages."""
    wires = links_of(pipeline)
    steps = {step.id: step for step in pipeline.steps}
    names = names_of(pipeline, wires)
    sizes = {name: _box_size(steps[name]) if name in steps else _pill_size(name) for name in names}
    ends = [name for name in names if name.startswith(OUTPUT)]
    edges = [_edge(wire, steps) for wire in wires]
    layout = arrange(sizes, edges, ends)
    width = max(layout.width, len(pipeline.title) * WIDTHS["name"]) + 2 * PAD
    height = layout.height + 2 * PAD + HEAD / 2
    body: list[str] = []
    for name, place in layout.places.items():
        body.append(_box(steps[name], place) if name in steps else _pill(name, place))
    body += [_path(edge, wire.kind, layout) for edge, wire in zip(edges, wires, strict=True)]
    title = escape(pipeline.title)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'width="{width:.0f}" height="{height:.0f}" role="img" aria-label="{title}">',
            f"<style>{STYLE}</style>",
            f'<rect class="page" x="0.5" y="0.5" width="{width - 1:.0f}" height="{height - 1:.0f}" '
            'rx="12"/>',
            _text("title", PAD, PAD + 4, pipeline.title),
            f'<g transform="translate({(width - layout.width) / 2:.1f} {PAD + HEAD / 2:.1f})">',
            *body,
            "</g>",
            "</svg>",
            "",
        ]
    )


def _box_size(step: Step) -> Size:
    ports, params = ports_of(step), params_of(step)
    widths = [
        len(step.id) * WIDTHS["name"],
        len(step.use) * WIDTHS["use"],
        *((len(a) + len(b) + len(c) + 4) * WIDTHS["row"] for a, b, c in ports),
        *((len(a) + len(b) + 3) * WIDTHS["row"] for a, b in params),
    ]
    gaps = 2 * GAP * (bool(ports) + bool(params))
    return Size(max(112, max(widths) + 2 * INSET), HEAD + gaps + LINE * (len(ports) + len(params)))


def _pill_size(name: str) -> Size:
    side, rest = caption(name)
    return Size((len(side) + len(rest) + 1) * WIDTHS["row"] + 2 * INSET + 6, PILL)


def _edge(wire: Link, steps: Mapping[str, Step]) -> Edge:
    start, end = steps.get(wire.start), steps.get(wire.end)
    outs = [] if start is None else [row[2] for row in ports_of(start)]
    ins = [] if end is None else [row[0] for row in ports_of(end)]
    return Edge(wire.start, wire.end, _anchor(start, wire.out, outs), _anchor(end, wire.port, ins))


def _anchor(step: Step | None, port: str, rows: Sequence[str]) -> float:
    """Return how far below the top a wire meets its box: at the row of its port, if it has one."""
    if step is None:
        return PILL / 2
    return HEAD + GAP + LINE * (rows.index(port) + 0.5) if port in rows else HEAD / 2


def _path(edge: Edge, cls: type, layout: Layout) -> str:
    start, end = layout.places[edge.start], layout.places[edge.end]
    x, y = start.x + start.width, start.y + edge.out
    kind = _kind(cls)
    dot = f'<circle class="dot {kind}" cx="%.1f" cy="%.1f" r="4"/>'
    dots = dot % (x, y) + dot % (end.x, end.y + edge.into)
    path = [f"M{x:.1f} {y:.1f}"]
    for gap in layout.bends[edge]:
        path += [_curve(x, y, gap.x, gap.middle), f"H{gap.x + gap.width:.1f}"]
        x, y = gap.x + gap.width, gap.middle
    path.append(_curve(x, y, end.x, end.y + edge.into))
    return f'<path class="wire {kind}" d="{" ".join(path)}"/>{dots}'


def _curve(x: float, y: float, to_x: float, to_y: float) -> str:
    pull = (to_x - x) / 2
    return f"C{x + pull:.1f} {y:.1f} {to_x - pull:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"


def _kind(cls: type) -> str:
    if issubclass(cls, Frame):
        return "picture"
    return "sound" if issubclass(cls, Sound) else "other"


def _box(step: Step, place: Place) -> str:
    x, right, y = place.x + INSET, place.x + place.width - INSET, place.y
    parts = [
        _rect("box", place, 9),
        _text("name", x, y + 22, step.id),
        _text("use", x, y + 39, step.use),
    ]
    y += HEAD
    if ports := ports_of(step):
        parts += [
            _rule(place, y),
            *(_port_row(row, place, y + LINE * i) for i, row in enumerate(ports)),
        ]
        y += LINE * len(ports) + 2 * GAP
    if params := params_of(step):
        parts += [_rule(place, y)]
        for i, (name, value) in enumerate(params):
            base = y + LINE * i + GAP + BASE
            parts += [_text("mute", x, base, name), _text("value", right, base, value, end=True)]
    return "".join(parts)


def _rule(place: Place, y: float) -> str:
    return f'<path class="rule" d="M{place.x:.1f} {y:.1f}h{place.width:.1f}"/>'


def _port_row(row: tuple[str, str, str], place: Place, y: float) -> str:
    name, policy, out = row
    x, base = place.x + INSET, y + GAP + BASE
    parts = [_text("port", x, base, name)]
    if policy:
        parts.append(_text("mute", x + (len(name) + 1) * WIDTHS["row"], base, policy))
    if out:
        parts.append(_text("port", place.x + place.width - INSET, base, out, end=True))
    return "".join(parts)


def _pill(name: str, place: Place) -> str:
    side, rest = caption(name)
    x = place.x + INSET + 3
    shift = (len(side) + 1) * WIDTHS["row"]
    return (
        _rect(f"pill {side}", place, PILL / 2)
        + _text("mute", x, place.middle + 4, side)
        + _text("port", x + shift, place.middle + 4, rest)
    )


def _rect(kind: str, place: Place, radius: float) -> str:
    return (
        f'<rect class="{kind}" x="{place.x:.1f}" y="{place.y:.1f}" width="{place.width:.1f}" '
        f'height="{place.height:.1f}" rx="{radius:g}"/>'
    )


def _text(kind: str, x: float, y: float, text: str, *, end: bool = False) -> str:
    anchor = ' text-anchor="end"' if end else ""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}"{anchor}>{escape(text)}</text>'


def _mermaid_lines(step: Step) -> str:
    rows = [f"<b>{_mermaid_text(step.id)}</b>", _mermaid_text(step.use)]
    rows += [f"{_mermaid_text(name)} = {_mermaid_text(value)}" for name, value in params_of(step)]
    return "<br/>".join(rows)


def _mermaid_text(text: str) -> str:
    return escape(text, quote=False).replace("#", "#35;").replace('"', "#quot;")


STYLE = """
text{font:12px ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#1f2733}
.title,.name{font:600 14px system-ui,"Segoe UI",Helvetica,Arial,"DejaVu Sans",sans-serif}
.title{fill:#5a6675;font-weight:500}
.use,.mute{fill:#6b7785}.use{font-size:11.5px}.value{fill:#0b57a4}
.page{fill:#fbfcfe;stroke:#e1e6ed}.box{fill:#fff;stroke:#c4ccd8;stroke-width:1.2}
.rule{stroke:#e6eaf0;fill:none}.pill{fill:#eef3fb;stroke:#a9bfe4;stroke-width:1.2}
.pill.output{fill:#edf7f0;stroke:#9fcfb0}
.wire{fill:none;stroke-width:1.8}
.wire.picture{stroke:#4d82d6}.wire.sound{stroke:#3a9d63}.wire.other{stroke:#c98a1b}
.dot{stroke:#fbfcfe;stroke-width:1.5}
.dot.picture{fill:#4d82d6}.dot.sound{fill:#3a9d63}.dot.other{fill:#c98a1b}
@media (prefers-color-scheme:dark){
text{fill:#e6ebf2}.title{fill:#9aa7b8}.use,.mute{fill:#93a0b1}.value{fill:#8ec2ff}
.page{fill:#12161d;stroke:#272e39}.box{fill:#1b212b;stroke:#3c4656}
.rule{stroke:#2b3340}.pill{fill:#17233a;stroke:#3f5f96}.pill.output{fill:#152a1f;stroke:#3f7a57}
.wire.picture{stroke:#6ba1f2}.wire.sound{stroke:#58c088}.wire.other{stroke:#e0a63d}
.dot{stroke:#12161d}
.dot.picture{fill:#6ba1f2}.dot.sound{fill:#58c088}.dot.other{fill:#e0a63d}
}
"""
