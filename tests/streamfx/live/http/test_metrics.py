import asyncio

from prometheus_client.parser import text_string_to_metric_families

from tests.streamfx.live.http.fake import OFFER, SDP, FakeHub, client


def scrape(hub: FakeHub) -> dict[tuple[str, str], float]:
    async def ask() -> str:
        async with client(hub) as asking:
            await asking.post("/whip/taken", content=OFFER, headers=SDP)
            await asking.get("/secret/path/that/is/none")
            for number in range(3):
                await asking.request(f"MADEUP{number}", "/healthz")
            found = await asking.get("/metrics")
            assert found.headers["content-type"].startswith("text/plain; version=0.0.4")
            return found.text

    families = text_string_to_metric_families(asyncio.run(ask()))
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def test_sessions_refusals_and_the_process_are_in_numbers(hub: FakeHub) -> None:
    found = scrape(hub)
    assert found["streamfx_sessions", ""] == 1
    assert found["streamfx_session_viewers", "cam"] == 2
    assert found["streamfx_session_frames_in_total", "cam"] == 100
    assert found["streamfx_session_frames_dropped_total", "cam"] == 2
    assert found["streamfx_session_state", "soft-focus,full,running,cam"] == 1
    assert found["streamfx_node_seconds", "soft,cam"] == 0.004
    assert found["streamfx_refusals_total", "taken"] == 1
    assert found["streamfx_requests_total", "POST,/whip/{stream},409"] == 1
    assert found["streamfx_requests_total", "GET,other,404"] == 1
    assert found["streamfx_requests_total", "other,/healthz,405"] == 3
    assert found["streamfx_threads", ""] >= 1
    assert found["streamfx_tasks", ""] >= 1
    assert found["process_open_fds", ""] > 0
    assert found["process_resident_memory_bytes", ""] > 0


def test_the_latency_is_a_histogram_that_adds_up(hub: FakeHub) -> None:
    found = scrape(hub)
    name = "streamfx_latency_seconds"
    assert found[f"{name}_bucket", "0.01,cam"] == 1
    assert found[f"{name}_bucket", "0.02,cam"] == 3
    assert found[f"{name}_bucket", "+Inf,cam"] == found[f"{name}_count", "cam"] == 3
    assert found[f"{name}_sum", "cam"] == 0.05
