from itertools import pairwise


def test_three_frames_become_six_twice_as_light(example):
    rows = [line.split() for line in example("two_nodes.py").splitlines()]
    assert [row[0] for row in rows] == ["0.00", "0.05", "0.10", "0.15", "0.20", "0.25"]
    greys = [float(row[-1]) for row in rows]
    assert all(one <= other for one, other in pairwise(greys))
    assert abs(greys[0] - 0.1 * 2 ** (1 / 2.4)) < 0.001
