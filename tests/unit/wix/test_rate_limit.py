from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from galleryctl.model.desired import Limits
from galleryctl.waits import Waits
from galleryctl.wix.client import WixClient
from galleryctl.wix.errors import ApiError
from galleryctl.wix.rate_limit import Limiter
from tests.support import clock
from tests.unit.wix.scripted_transport import GALLERY, ScriptedResponse, ScriptedTransport, json_response, run_client

MINUTE = 60
GOOD = json_response(body={"gallery": GALLERY})


def limiter(concurrency: int = 8, per_minute: int = 100) -> Limiter:
    return Limiter(
        concurrency=concurrency,
        per_minute=per_minute,
        clock=clock.elapsed,
        waits=Waits(),
        random=lambda: 0.0,
    )


def read(wire: ScriptedTransport, times: int, limits: Limits) -> None:
    async def all_at_once(client: WixClient) -> None:
        await asyncio.gather(*(client.get_gallery("g-1") for _ in range(times)), return_exceptions=True)

    run_client(wire, all_at_once, limits=limits)


def most_in_a_minute(times: list[float]) -> int:
    return max(sum(start <= time < start + MINUTE for time in times) for start in times)


def test_never_more_at_once_than_allowed_and_no_fewer() -> None:
    wire = ScriptedTransport([GOOD], seconds=2)
    read(wire, 20, Limits(concurrency=5))
    assert wire.peak == 5
    assert wire.times == [float(second) for second in (0, 2, 4, 6) for _ in range(5)]


def test_never_more_in_a_minute_than_allowed() -> None:
    wire = ScriptedTransport([GOOD])
    read(wire, 25, Limits(max_requests_per_minute=10))
    assert most_in_a_minute(wire.times) == 10
    assert wire.times == [0.0] * 10 + [61.0] * 10 + [122.0] * 5


def test_one_request_at_a_time_and_one_a_minute_is_possible() -> None:
    wire = ScriptedTransport([GOOD], seconds=1)
    read(wire, 3, Limits(concurrency=1, max_requests_per_minute=1))
    assert wire.times == [0, 61, 122]


answers = st.lists(st.sampled_from([200, 200, 200, 429, 500, 503]), min_size=1, max_size=30)


@settings(max_examples=50)
@given(answers, st.integers(1, 4), st.integers(1, 20), st.floats(0, 5))
def test_whatever_is_answered_both_limits_hold(
    statuses: list[int], at_once: int, a_minute: int, seconds: float
) -> None:
    script: list[ScriptedResponse] = [GOOD if status == 200 else json_response(status) for status in statuses]
    wire = ScriptedTransport([*script, GOOD], seconds=seconds)
    read(wire, 12, Limits(concurrency=at_once, max_requests_per_minute=a_minute))
    assert wire.peak <= at_once
    assert most_in_a_minute(wire.times) <= a_minute


def test_a_429_makes_every_request_wait() -> None:
    wire = ScriptedTransport([json_response(429, Retry_After="30"), GOOD], seconds=1)
    read(wire, 6, Limits(concurrency=2))
    # two run at the same time; the success of the other does not change the wait
    assert wire.times[:2] == [0, 0]
    assert min(wire.times[2:]) == pytest.approx(1 + 33)


def test_a_429_halves_both_limits_and_a_5xx_only_what_runs_at_once() -> None:
    async def shrink() -> None:
        limits = limiter()
        await asyncio.sleep(1)
        limits.on_throttled(clock.elapsed(), 5.0)
        assert (limits.concurrency, limits.per_minute) == (4, 50)
        await asyncio.sleep(1)
        limits.on_failure(clock.elapsed())
        assert (limits.concurrency, limits.per_minute) == (2, 50)

    clock.run_virtual(shrink())


def test_what_was_under_way_together_shrinks_the_limits_once() -> None:
    async def burst() -> None:
        limits = limiter()
        began = clock.elapsed()
        await asyncio.sleep(1)
        for _ in range(8):
            limits.on_throttled(began, None)
        assert (limits.concurrency, limits.per_minute) == (4, 50)

    clock.run_virtual(burst())


def test_the_limits_never_shrink_to_nothing_and_grow_back_whole() -> None:
    async def shrink_and_grow() -> None:
        limits = limiter()
        for _ in range(20):
            await asyncio.sleep(1)
            limits.on_throttled(clock.elapsed(), 0.0)
        assert (limits.concurrency, limits.per_minute) == (1, 1)
        grown = []
        for _ in range(1100):
            limits.on_success()
            grown.append((limits.concurrency, limits.per_minute))
        assert grown == sorted(grown)
        assert grown[-1] == (8, 100)

    clock.run_virtual(shrink_and_grow())


def test_a_lowered_rate_counts_what_went_before() -> None:
    async def lowered() -> list[float]:
        limits = limiter(per_minute=4)
        times = []
        for _ in range(4):
            async with limits.slot() as began:
                times.append(began)
        await asyncio.sleep(1)
        limits.on_throttled(clock.elapsed(), 0.0)
        for _ in range(3):
            async with limits.slot() as began:
                times.append(began)
        return times

    assert clock.run_virtual(lowered()) == [0, 0, 0, 0, 61, 61, 122]


def test_who_gives_up_while_waiting_takes_no_place() -> None:
    async def give_up() -> float:
        limits = limiter(concurrency=1)

        async def hold(seconds: float) -> float:
            async with limits.slot() as began:
                await asyncio.sleep(seconds)
                return began

        first, second, third = (asyncio.create_task(hold(seconds)) for seconds in (10, 10, 1))
        await asyncio.sleep(1)
        second.cancel()
        await first
        return await third

    assert clock.run_virtual(give_up()) == 10


def test_a_request_that_fails_gives_its_place_back() -> None:
    async def fail() -> None:
        limits = limiter(concurrency=1)
        for _ in range(3):
            with pytest.raises(ApiError):
                async with limits.slot():
                    raise ApiError("failed", call="GET /")

    clock.run_virtual(fail())


def test_after_a_burst_of_failures_fewer_run_at_once() -> None:
    wire = ScriptedTransport(
        [json_response(503), json_response(503), json_response(503), json_response(503), GOOD], seconds=1
    )
    read(wire, 12, Limits(concurrency=4))
    after = [time for time in wire.times if time > 0]
    assert sum(time == min(after) for time in after) == 2
