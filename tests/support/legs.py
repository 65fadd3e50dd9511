"""Legs that race: each request waits for its turn, a test chooses whose it is; time passes only while all sleep."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TypeVar

_T = TypeVar("_T")
_MAX_IDLE = 10_000
_MAX_STEPS = 2_000
_LEG: ContextVar[int] = ContextVar("leg")


@dataclass(slots=True)
class Legs:
    """Runs coroutines; `choose` gets the legs with a waiting request, and returns one and True to kill it instead."""

    choose: Callable[[Sequence[int]], tuple[int, bool]]
    now: float = 0.0
    requests: dict[int, asyncio.Future[None]] = field(default_factory=dict)
    sleepers: dict[int, tuple[float, asyncio.Future[None]]] = field(default_factory=dict)

    is_over: bool = False

    async def turn(self, _label: str) -> None:
        if self.is_over:
            raise asyncio.CancelledError
        waiting = asyncio.get_running_loop().create_future()
        self.requests[_LEG.get()] = waiting
        await waiting

    async def sleep(self, seconds: float) -> None:
        waiting = asyncio.get_running_loop().create_future()
        self.sleepers[_LEG.get()] = (self.now + seconds, waiting)
        await waiting

    def clock(self) -> float:
        return self.now

    async def run(self, *legs: Callable[[], Awaitable[_T]]) -> list[_T | BaseException]:
        """Run all legs to their ends; return their results, an exception for one that failed or was killed."""

        async def started(number: int, leg: Callable[[], Awaitable[_T]]) -> _T:
            _LEG.set(number)
            return await leg()

        try:
            return await self._run([asyncio.create_task(started(number, leg)) for number, leg in enumerate(legs)])
        finally:
            self.is_over = True  # nothing waits for a turn that no one gives

    async def _run(self, tasks: Sequence[asyncio.Task[_T]]) -> list[_T | BaseException]:
        idle = steps = 0
        while not all(task.done() for task in tasks):
            idle += 1
            assert idle < _MAX_IDLE, "a leg waits for something else than a request or a sleep"
            if sum(task.done() for task in tasks) + len(self.requests) + len(self.sleepers) < len(tasks):
                await asyncio.sleep(0)
                continue
            idle, steps = 0, steps + 1
            assert steps < _MAX_STEPS, f"no end after {self.now} seconds"
            if self.requests:
                number, is_killed = self.choose(sorted(self.requests))
                waiting = self.requests.pop(number)
                if is_killed:
                    tasks[number].cancel()
                    self.requests = {k: v for k, v in self.requests.items() if k != number}
                    await self._killed(tasks[number], number)
                else:
                    waiting.set_result(None)
            else:
                number = min(self.sleepers, key=lambda each: self.sleepers[each][0])
                self.now, waiting = self.sleepers.pop(number)
                waiting.set_result(None)
        return list(await asyncio.gather(*tasks, return_exceptions=True))

    async def _killed(self, task: asyncio.Task[_T], number: int) -> None:
        """Let a killed leg end without a further request: a killed process sends none."""
        for _ in range(_MAX_IDLE):
            if task.done():
                return
            await asyncio.sleep(0)
            if self.requests.pop(number, None) is not None:
                task.cancel()
        raise AssertionError("the killed leg does not end")
