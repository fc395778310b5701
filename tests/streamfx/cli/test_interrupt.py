import os
import signal
import threading
from collections.abc import Iterator

import pytest

from streamfx.cli.interrupt import SIGNALS, Interrupt


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """Put the handlers back as they were."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_asks_to_stop_and_the_second_breaks_off(number: signal.Signals) -> None:
    with pytest.raises(KeyboardInterrupt), Interrupt() as stop:
        assert not stop.is_set()
        os.kill(os.getpid(), number)
        assert stop.is_set()
        os.kill(os.getpid(), number)


def test_without_a_signal_the_handlers_are_as_before() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    with Interrupt():
        assert [signal.getsignal(number) for number in SIGNALS] != before
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_once_the_file_is_whole_further_signals_do_nothing() -> None:
    with Interrupt():
        os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGINT)


def test_outside_the_main_thread_it_leaves_signals_alone() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def work() -> None:
        with Interrupt() as stop:
            seen.append((signal.getsignal(signal.SIGINT) is before, stop.is_set()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(True, False)]
