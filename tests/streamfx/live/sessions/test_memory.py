"""Giving memory back."""

import gc
import weakref

from streamfx.live.sessions.memory import few_arenas, give_back, set_aside, take_back


class Circle:
    def __init__(self) -> None:
        self.itself = self


def test_garbage_in_circles_is_collected() -> None:
    few_arenas()
    gc.disable()
    try:
        circle = Circle()
        gone = weakref.ref(circle)
        del circle
        assert gone() is not None
        give_back()
        assert gone() is None
    finally:
        gc.enable()


def test_what_was_there_at_first_is_not_gone_through_again() -> None:
    before = gc.get_freeze_count()
    set_aside()
    try:
        assert gc.get_freeze_count() > before + 1000
        circle = Circle()
        gone = weakref.ref(circle)
        del circle
        give_back()
        assert gone() is None
    finally:
        take_back()
    assert gc.get_freeze_count() == 0
