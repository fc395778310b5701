from itertools import pairwise

import pytest
import torch

from streamfx.nodes.matting._presence import Presence
from streamfx.testing import context
from tests.nodes.matting.people import Detector, store

NOBODY, SOMEBODY = torch.full((3, 40, 60), 0.1), torch.full((3, 40, 60), 0.9)


def presence(search="thorough"):
    return Presence(context(store()), search)


def test_somebody_is_seen_at_once_and_nobody_is_nobody():
    there = presence()
    assert there.of(NOBODY) == 0
    assert there.of(SOMEBODY) == 1


def test_who_goes_is_let_go_step_by_step():
    there = presence()
    there.of(SOMEBODY)
    after = [there.of(NOBODY) for _ in range(60)]
    assert after[0] == 1 and after[-1] == 0
    assert all(a >= b for a, b in pairwise(after))


@pytest.mark.parametrize(("search", "most"), [("thorough", 20), ("fast", 7)])
def test_who_surely_is_there_is_not_looked_for_in_every_frame(search, most):
    there = presence(search)
    for _ in range(60):
        there.of(SOMEBODY)
    looks = sum(net.looks for net in there._nets if isinstance(net, Detector))
    assert looks <= most


def test_a_reset_forgets():
    there = presence()
    there.of(SOMEBODY)
    there.reset()
    assert there.of(NOBODY) == 0


@pytest.mark.parametrize("size", [(1, 1), (200, 3), (3, 200), (33, 31)])
def test_any_shape_is_looked_at_whole(size):
    assert presence().of(torch.full((3, *size), 0.9)) == 1
