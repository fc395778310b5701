"""No thread is left with a right to real time that it did not have before."""

import os
import threading
from pathlib import Path

import pytest

from streamfx.media.scheduling import ordinary
from streamfx.media.writer import WriteSettings
from tests import clips, writing

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="Linux only")


def in_real_time() -> list[int]:
    threads = [int(entry) for entry in os.listdir("/proc/self/task")]
    return [t for t in threads if os.sched_getscheduler(t) != os.SCHED_OTHER]


def real_time_allowed() -> bool:
    """Say whether this process may do what the tests are about; as an ordinary user it may not."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        return False
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return True


@pytest.mark.skipif(not real_time_allowed(), reason="may not have threads in real time")
def test_threads_get_their_policy_back_and_others_keep_theirs() -> None:
    begun, end = threading.Event(), threading.Event()

    def work() -> None:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        begun.set()
        end.wait(30)

    mine, others = threading.Thread(target=work), threading.Thread(target=work)
    try:
        others.start()
        begun.wait(30)
        begun.clear()
        with ordinary():
            mine.start()
            begun.wait(30)
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        assert in_real_time() == [others.native_id]
    finally:
        end.set()
        mine.join()
        others.join()


@pytest.mark.parametrize("codec", ["av1", "hevc", "vp9"])
def test_an_encoder_leaves_every_thread_as_it_was(codec: str, tmp_path: Path) -> None:
    source = clips.make(tmp_path / "in.mkv", frames=4, width=64, height=64)
    writing.copy(source, tmp_path / "out.mkv", settings=WriteSettings(codec, encoder="cpu"))
    assert in_real_time() == []
