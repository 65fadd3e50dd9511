"""Limit concurrent requests and requests per minute, adapting to the API's responses."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from galleryctl.model.waiting import Waiting, WaitKind
from galleryctl.waits import Waits

_WINDOW = 61.0
"""Seconds for which the quota counts: Wix's minute, and one second for requests that arrive out of order."""
_THROTTLED_WAIT = 60.0
"""Seconds to wait after a 429 without Retry-After; Wix advises about a minute."""
MAX_WAIT = 600.0
"""Seconds; a longer Retry-After is shortened to this."""
_JITTER = 0.1
"""Waits are lengthened by up to this share, so that several runs do not resume at the same moment."""
_RECOVERY = 0.001
"""The share of the full rate that each successful response restores."""


class Limiter:
    """Admits requests in order, limiting how many run at once and how many start in any minute.

    Requests start immediately until the minute's quota is used up. A 429 or 5xx halves the concurrency, a 429 also
    the rate, at most once for requests that ran at the same time; successful responses raise both again.
    """

    def __init__(
        self,
        *,
        concurrency: int,
        per_minute: int,
        clock: Callable[[], float],
        waits: Waits,
        random: Callable[[], float],
    ) -> None:
        self._max_concurrency, self._concurrency = concurrency, float(concurrency)
        self._max_per_minute, self._per_minute = per_minute, float(per_minute)
        self._clock, self._waits, self._random = clock, waits, random
        self._running = 0
        self._sent: deque[float] = deque()
        self._paused_until = self._reduced_at = float("-inf")
        self._queue_lock = asyncio.Lock()
        self._slot_freed = asyncio.Event()

    @property
    def concurrency(self) -> int:
        """The number of requests that may run at once now."""
        return int(self._concurrency)

    @property
    def per_minute(self) -> int:
        """The number of requests that may start in a minute now."""
        return int(self._per_minute)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[float]:
        """Wait for a turn and yield its time, to be passed to `on_failure` or `on_throttled`."""
        async with self._queue_lock:
            await self._wait_for_turn()
            began = self._clock()
            self._sent.append(began)
            self._running += 1
        try:
            yield began
        finally:
            self._running -= 1
            self._slot_freed.set()

    def on_success(self) -> None:
        """Raise the limits a little."""
        self._concurrency = min(self._max_concurrency, self._concurrency + 1 / self._concurrency)
        self._per_minute = min(self._max_per_minute, self._per_minute + self._max_per_minute * _RECOVERY)

    def on_failure(self, started_at: float) -> None:
        """Lower the concurrency after a 5xx, or no response, to a request that started at `started_at`."""
        if started_at > self._reduced_at:
            self._reduced_at = self._clock()
            self._concurrency = max(1.0, self._concurrency / 2)

    def on_throttled(self, started_at: float, retry_after: float | None) -> None:
        """Pause all requests after a 429 to a request that started at `started_at`, and lower both limits."""
        if started_at > self._reduced_at:
            self._per_minute = max(1.0, self._per_minute / 2)
        self.on_failure(started_at)
        wait = _THROTTLED_WAIT if retry_after is None else min(retry_after, MAX_WAIT)
        until = self._clock() + wait * (1 + _JITTER * self._random())
        self._paused_until = max(self._paused_until, until)

    async def _wait_for_turn(self) -> None:
        began: float | None = None
        while True:
            while self._running >= self.concurrency:  # those that run are waited for, each with an event of its own
                self._slot_freed.clear()
                await self._slot_freed.wait()
            now = self._clock()
            quota, pause = self._quota_delay(now), self._paused_until - now
            delay = max(quota, pause)
            if delay <= 0:
                return
            began = now if began is None else began
            what = f"the quota of {self.per_minute} requests per minute"
            if pause >= quota:
                what = "the API, which asks for fewer requests (status 429)"
            await self._waits.pause(Waiting(kind=WaitKind.QUOTA, what=what, seconds=delay, before=now - began))

    def _quota_delay(self, now: float) -> float:
        """Return the seconds until a request may start without exceeding the quota."""
        while self._sent and self._sent[0] <= now - _WINDOW:
            self._sent.popleft()
        full = len(self._sent) >= self.per_minute
        # after the rate was lowered, the window may hold more requests than allowed: wait until enough have left it.
        # 5 sent at 0, 1, 2, 3 and 4 s, now 3 per minute: the next may start when the request of 2 s leaves, at 63 s
        return self._sent[len(self._sent) - self.per_minute] + _WINDOW - now if full else 0.0
