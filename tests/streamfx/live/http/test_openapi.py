"""Malformed requests, made up from our own description of what is taken."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.core.result import Ok
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import positive_data_acceptance

from streamfx.live.http import attempts
from streamfx.live.sessions.contract import Desk
from streamfx.live.settings import ServeSettings
from tests.streamfx.live.http.fake import FakeDesk, FakeHub, serving

TOKEN = "correct-horse"
OPERATIONS = (
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "GET /api/presets",
    "GET /api/messages",
    "POST /whip/{stream}",
    "PATCH /whip/{stream}/{resource}",
    "DELETE /whip/{stream}/{resource}",
    "POST /whep/{stream}",
    "PATCH /whep/{stream}/{resource}",
    "DELETE /whep/{stream}/{resource}",
    "POST /sessions/{session}/backgrounds",
    "GET /sessions/{session}/recordings/{name}",
)

load_all_checks()
schemathesis.serializer.alias(["application/sdp", "application/trickle-ice-sdpfrag"], "text/plain")


class Welcoming(FakeHub):
    """A hub that knows every session, so that requests get that far."""

    def desk_of(self, session: str) -> Desk:
        return FakeDesk(self, lambda message: None, "session-0", "cam")


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BaseSchema]:
    """Return the description of a server that really listens."""
    addresses: list[str] = []
    up, done = threading.Event(), threading.Event()

    async def serve(folder: Path) -> None:
        hub = Welcoming(folder, ServeSettings(token=TOKEN))
        async with serving(hub) as address:
            addresses.append(address)
            up.set()
            await asyncio.to_thread(done.wait)

    folder = tmp_path_factory.mktemp("openapi")
    thread = threading.Thread(target=lambda: asyncio.run(serve(folder)))
    thread.start()
    assert up.wait(30)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(attempts, "ALLOWED", 1e9)  # some checks leave the token out
            yield schemathesis.openapi.from_url(f"http://{addresses[0]}/api/openapi.json")
    finally:
        done.set()
        thread.join()


def test_every_operation_is_tried(api: BaseSchema) -> None:
    found = [result.ok() for result in api.get_all_operations() if isinstance(result, Ok)]
    assert {operation.label for operation in found} == set(OPERATIONS)


@pytest.mark.parametrize(
    ("label", "mode"),
    [(label, GenerationMode.POSITIVE) for label in OPERATIONS]
    + [(label, GenerationMode.NEGATIVE) for label in OPERATIONS if "{" in label],
)
def test_no_request_breaks_the_server_or_its_description(
    api: BaseSchema, label: str, mode: GenerationMode
) -> None:
    operation = api.find_operation_by_label(label)
    assert operation is not None

    @settings(
        max_examples=20, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def try_it(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(
            headers={"Authorization": f"Bearer {TOKEN}"},
            excluded_checks=[positive_data_acceptance],  # not every string is an SDP
        )

    try_it()
