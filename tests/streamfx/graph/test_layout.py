from streamfx.graph.layout import COLUMN_GAP, Edge, Layout, Place, Size, arrange


def boxes(names: str) -> dict[str, Size]:
    return {name: Size(100, 40) for name in names}


def edge(start: str, end: str) -> Edge:
    return Edge(start, end, 20, 20)


def overlap(a: Place, b: Place) -> bool:
    beside = a.x + a.width <= b.x or b.x + b.width <= a.x
    above = a.y + a.height <= b.y or b.y + b.height <= a.y
    return not (beside or above)


def check_no_overlap(layout: Layout) -> None:
    places = list(layout.places.values())
    gaps = [gap for bends in layout.bends.values() for gap in bends]
    for i, place in enumerate(places):
        for other in [*places[i + 1 :], *gaps]:
            assert not overlap(place, other)


def test_a_chain_lies_on_one_level_from_left_to_right() -> None:
    layout = arrange(boxes("abc"), [edge("a", "b"), edge("b", "c")])
    xs = [layout.places[name].x for name in "abc"]
    assert xs == [0, 100 + COLUMN_GAP, 2 * (100 + COLUMN_GAP)]
    assert len({round(layout.places[name].y, 3) for name in "abc"}) == 1


def test_every_edge_runs_to_the_right_and_no_box_covers_another() -> None:
    edges = [
        edge("a", "b"),
        edge("a", "d"),
        edge("c", "d"),
        edge("b", "e"),
        edge("d", "e"),
        edge("a", "e"),
    ]
    layout = arrange(boxes("abcde"), edges, last=["e"])
    for one in edges:
        start, end = layout.places[one.start], layout.places[one.end]
        assert start.x + start.width + COLUMN_GAP <= end.x
    check_no_overlap(layout)


def test_a_wire_that_passes_a_column_gets_a_gap_of_its_own() -> None:
    layout = arrange(boxes("abc"), [edge("a", "b"), edge("b", "c"), edge("a", "c")])
    long = edge("a", "c")
    (gap,) = layout.bends[long]
    assert gap.x == layout.places["b"].x
    check_no_overlap(layout)


def test_a_source_stands_right_before_what_it_feeds() -> None:
    layout = arrange(boxes("absc"), [edge("a", "b"), edge("b", "c"), edge("s", "c")])
    assert layout.places["s"].x == layout.places["b"].x


def test_crossings_that_can_be_avoided_are_avoided() -> None:
    layout = arrange(boxes("abxy"), [edge("a", "y"), edge("b", "x")])
    places = layout.places
    assert (places["a"].y < places["b"].y) == (places["y"].y < places["x"].y)


def test_ports_of_one_box_order_what_feeds_them() -> None:
    edges = [Edge("a", "c", 20, 35), Edge("b", "c", 20, 10)]
    layout = arrange(boxes("abc"), edges)
    assert layout.places["b"].y < layout.places["a"].y


def test_everything_lies_inside_the_stated_size() -> None:
    layout = arrange(boxes("abcd"), [edge("a", "d"), edge("b", "d"), edge("c", "d")])
    for place in layout.places.values():
        assert place.x >= 0
        assert place.y >= 0
        assert place.x + place.width <= layout.width
        assert place.y + place.height <= layout.height
