"""Giving memory back."""

import gc
import weakref

from streamfx.live.sessions.memory import few_arenas, give_back


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
