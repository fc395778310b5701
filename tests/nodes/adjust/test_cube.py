from pathlib import Path

import numpy as np
import pytest

from streamfx import GraphError
from streamfx.nodes.adjust._cube import parse, read

EIGHT = "\n".join(f"{r} {g} {b}" for b in (0, 1) for g in (0, 1) for r in (0, 1))


def test_red_runs_fastest() -> None:
    cube = parse(f'TITLE "My look"\n# a comment\n\nLUT_3D_SIZE 2\n{EIGHT}\n')
    assert (cube.title, cube.size, cube.dimensions) == ("My look", 2, 3)
    assert cube.table[1].tolist() == [1, 0, 0]
    assert cube.table[4].tolist() == [0, 0, 1]


def test_a_domain_is_read() -> None:
    text = "LUT_1D_SIZE 2\nDOMAIN_MIN -1 0 0.5\nDOMAIN_MAX 1 2 3\n0 0 0\n1e0 .5 +1\n"
    cube = parse(text)
    assert (cube.low, cube.high) == ((-1, 0, 0.5), (1, 2, 3))
    assert cube.table[1].tolist() == [1, 0.5, 1]


def test_the_range_that_resolve_writes_is_read() -> None:
    cube = parse("LUT_1D_SIZE 2\nLUT_1D_INPUT_RANGE 0.25 4\n0 0 0\n1 1 1")
    assert (cube.low, cube.high) == ((0.25,) * 3, (4,) * 3)


def test_line_ends_and_a_byte_order_mark_of_windows_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "crlf.cube"
    path.write_bytes(b"\xef\xbb\xbfLUT_1D_SIZE 2\r\n0 0 0\r\n1 1 1\r\n")
    assert np.array_equal(read(path).table, [[0, 0, 0], [1, 1, 1]])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "gives LUT_1D_SIZE or LUT_3D_SIZE, this one neither"),
        ("LUT_1D_SIZE 2\nLUT_3D_SIZE 2\n0 0 0", "this one both; a shaper"),
        ("LUT_3D_SIZE 1", "line 1: LUT_3D_SIZE must be 2 to 256, got '1'"),
        ("LUT_3D_SIZE 257", "line 1: LUT_3D_SIZE must be 2 to 256, got '257'"),
        ("LUT_1D_SIZE two", "line 1: LUT_1D_SIZE must be 2 to 65536, got 'two'"),
        ("LUT_1D_SIZE 2 2", "line 1: LUT_1D_SIZE takes 1 numbers, got 2"),
        ("LUT_1D_SIZE 2\nLUT_1D_SIZE 2", "line 2: LUT_1D_SIZE is given twice"),
        ("\n# c\nGAMMA 2", "line 3: unknown keyword 'GAMMA'; there are: TITLE, LUT_1D_SIZE"),
        ("LUT_1D_SIZE 2\nDOMAIN_MIN 0 0", "line 2: DOMAIN_MIN takes 3 numbers, got 2"),
        ("LUT_1D_SIZE 2\nDOMAIN_MIN 0 0 x", "line 2: must be 3 numbers, got '0 0 x'"),
        (
            "LUT_1D_SIZE 2\nDOMAIN_MIN 0 1 0\n0 0 0\n1 1 1",
            r"DOMAIN_MIN must be below DOMAIN_MAX, got \[0.0, 1.0, 0.0\]",
        ),
        ("LUT_1D_SIZE 2\n0 0 0\nTITLE late\n1 1 1", "line 3: keywords come before the table"),
        ("LUT_1D_SIZE 2\n0 0 0\n1 1", "line 3: must be 3 numbers, got '1 1'"),
        ("LUT_1D_SIZE 2\n0 0 0\n1 1 nine", "line 3: must be 3 numbers, got '1 1 nine'"),
        ("LUT_1D_SIZE 2\n0 0 0\n1 1 1e99", "line 3: must be 3 numbers, got '1 1 1e99'"),
        ("LUT_1D_SIZE 2\n0 0 0", "line 2: the table must have 2 lines, got 1"),
        (f"LUT_3D_SIZE 2\n{EIGHT}\n1 1 1", "line 10: the table must have 8 lines, got 9"),
    ],
)
def test_what_is_wrong_is_said_with_line_and_rule(text: str, complaint: str) -> None:
    with pytest.raises(GraphError, match=complaint):
        parse(text)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match=r"no LUT file .*gone\.cube"):
        read(tmp_path / "gone.cube")
    with pytest.raises(GraphError, match=f"cannot read LUT file {tmp_path}"):
        read(tmp_path)
    binary = tmp_path / "binary.cube"
    binary.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(GraphError, match=r"cannot read LUT file .*binary\.cube"):
        read(binary)


def test_a_file_is_read_again_once_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "look.cube"
    path.write_text("LUT_1D_SIZE 2\n0 0 0\n1 1 1")
    assert read(path) is read(path)
    path.write_text("LUT_1D_SIZE 3\n0 0 0\n1 1 1\n1 1 1")
    assert read(path).size == 3
