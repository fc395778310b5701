import asyncio

from streamfx.live.http.outbox import Outbox


def test_messages_leave_in_order_and_none_is_the_end() -> None:
    async def use() -> list[object]:
        box = Outbox()
        box.put({"type": "a"})
        box.put({"type": "b"})
        box.close()
        box.put({"type": "late"})
        return [await box.take(), await box.take(), await box.take()]

    assert asyncio.run(use()) == [{"type": "a"}, {"type": "b"}, None]


def test_who_waits_is_woken_by_a_message() -> None:
    async def use() -> object:
        box = Outbox()
        asyncio.get_running_loop().call_soon(box.put, {"type": "a"})
        return await box.take()

    assert asyncio.run(use()) == {"type": "a"}


def test_of_statistics_only_the_latest_waits() -> None:
    async def use() -> list[object]:
        box = Outbox(room=3)
        for number in range(100):
            box.put({"type": "stats", "number": number})
        box.put({"type": "a"})
        return [await box.take(), await box.take()]

    assert asyncio.run(use()) == [{"type": "stats", "number": 99}, {"type": "a"}]


def test_when_it_is_full_it_closes_and_says_so() -> None:
    async def use() -> None:
        box = Outbox(room=3)
        for _ in range(4):
            box.put({"type": "a"})
        assert box.overflowed
        assert await box.take() is None

    asyncio.run(use())
