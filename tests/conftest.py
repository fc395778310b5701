"""Fixtures for all tests."""

import os
from collections.abc import Callable, Iterator

import pytest
import torch

from streamfx.models.store import ModelStore


@pytest.fixture(params=["cpu", "cuda"])
def device(request: pytest.FixtureRequest) -> torch.device:
    """Return each device in turn; the GPU's turn is skipped where there is none."""
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    return torch.device(request.param)


@pytest.fixture(scope="session")
def pulled() -> Callable[..., ModelStore]:
    """Return what returns a store in which the named models are; else it skips the test.

    ``make test`` pulls them where there is a network; no test pulls one itself.
    """

    def call(*names: str) -> ModelStore:
        store = ModelStore.installed(offline=True)
        for name in names:
            if not store.here(name):
                pytest.skip(f"model {name} is not here: streamfx models pull {name}")
        return store

    return call


@pytest.fixture(autouse=True)
def ordinary_time() -> Iterator[None]:
    """See that no test leaves its thread scheduled in real time: all that follow would inherit it.

    A browser started from such a thread stops a small machine altogether.
    """
    yield
    if hasattr(os, "sched_getscheduler") and os.sched_getscheduler(0) != os.SCHED_OTHER:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        pytest.fail("the test's thread was left scheduled in real time")
