import threading

import pytest

from streamfx.engine.channel import Closed
from streamfx.engine.slot import Slot


def test_the_newest_wins_and_what_it_replaces_is_counted() -> None:
    slot: Slot[int] = Slot()
    for number in range(5):
        slot.put(number)
    assert slot.take() == 4
    assert (slot.offered, slot.dropped) == (5, 4)


def test_what_was_taken_is_not_there_any_more() -> None:
    slot: Slot[int] = Slot()
    slot.put(1)
    slot.take()
    with pytest.raises(TimeoutError):
        slot.take(0)
    slot.put(2)
    assert (slot.take(), slot.dropped) == (2, 0)


def test_a_closed_slot_holds_nothing_and_takes_nothing() -> None:
    slot: Slot[int] = Slot()
    slot.put(1)
    slot.close()
    slot.put(2)
    with pytest.raises(Closed):
        slot.take()
    assert (slot.offered, slot.dropped) == (1, 0)


def test_who_waits_is_woken_by_an_item_and_by_the_end() -> None:
    slot: Slot[int] = Slot()
    got: list[object] = []
    taken = threading.Event()

    def work() -> None:
        try:
            while True:
                got.append(slot.take())
                taken.set()
        except Closed:
            got.append("end")

    thread = threading.Thread(target=work)
    thread.start()
    slot.put(7)
    assert taken.wait(20)
    slot.close()
    thread.join(20)
    assert got == [7, "end"]
