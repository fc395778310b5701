import asyncio
import threading

import pytest

from streamfx.live.remote.arrivals import Arrivals


def test_items_of_another_thread_come_in_order():
    async def run():
        arrivals: Arrivals[int] = Arrivals(100)

        def put():
            for n in range(50):
                arrivals.put(n)

        thread = threading.Thread(target=put)
        thread.start()
        got = [await anext(arrivals) for _ in range(50)]
        thread.join()
        return got

    assert asyncio.run(run()) == list(range(50))


def test_a_slow_reader_gets_the_newest_and_the_others_are_counted():
    async def run():
        arrivals: Arrivals[int] = Arrivals(2)
        for n in range(10):
            arrivals.put(n)
        arrivals.close()
        return [n async for n in arrivals], arrivals.dropped

    assert asyncio.run(run()) == ([8, 9], 8)


def test_it_ends_with_the_error_after_what_was_put_before():
    async def run():
        arrivals: Arrivals[int] = Arrivals(2)
        arrivals.put(1)
        arrivals.close(OSError("gone"))
        arrivals.close()
        arrivals.put(2)
        assert await anext(arrivals) == 1
        with pytest.raises(OSError, match="gone"):
            await anext(arrivals)

    asyncio.run(run())


def test_putting_after_the_loop_has_ended_is_ignored():
    async def run():
        return Arrivals[int](1)

    arrivals = asyncio.run(run())
    arrivals.put(1)
    assert arrivals.closed


def test_a_bound_below_one_is_refused():
    async def run():
        with pytest.raises(ValueError, match="at least 1, got 0"):
            Arrivals[int](0)

    asyncio.run(run())
