from __future__ import annotations

import asyncio

import pytest

from galleryctl.engine.gather import gather_all


def test_calls_run_in_a_window_and_results_keep_their_order() -> None:
    running: list[int] = []
    most = 0

    async def call(number: int) -> int:
        nonlocal most
        running.append(number)
        most = max(most, len(running))
        for _ in range(number % 3 + 1):
            await asyncio.sleep(0)
        running.remove(number)
        return number

    assert asyncio.run(gather_all(map(call, range(50)), window=7)) == list(range(50))
    assert most == 7


def test_a_failure_cancels_the_others_and_makes_no_more_calls() -> None:
    made: list[int] = []

    async def call(number: int) -> int:
        made.append(number)
        await asyncio.sleep(0)
        if number == 3:
            raise ValueError(number)
        await asyncio.sleep(3600)
        return number

    with pytest.raises(ValueError, match="3"):
        asyncio.run(gather_all(map(call, range(1_000_000)), window=5))
    assert made == list(range(5))


def test_no_calls_give_no_results() -> None:
    assert asyncio.run(gather_all(iter(()))) == []
