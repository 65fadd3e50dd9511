"""How many requests may run at once and in a minute; both adapt to what the API bears."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

_WINDOW = 61.0
"""Seconds in which the quota counts: Wix's minute, and a second for requests that overtake each other on the way."""
_THROTTLED_WAIT = 60.0
"""Seconds to wait after a 429 that names no time; the vendor's advice is about a minute."""
MAX_WAIT = 600.0
"""Seconds beyond which a Retry-After is not believed."""
_JITTER = 0.1
"""Waits are lengthened by up to this share, so that several runs do not come back at one moment."""
_RECOVERY = 0.001
"""The share of the full rate that each good answer gives back."""


class Limiter:
    """Lets requests through in their order, at most so many at once and so many in any minute.

    The first requests of a minute go at once until the quota is used up. A 429 or 5xx halves the concurrency, a 429
    the rate too, at most once for all the requests that were under way together; good answers raise both again.
    """

    def __init__(
        self,
        *,
        concurrency: int,
        per_minute: int,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        random: Callable[[], float],
    ) -> None:
        self._max_concurrency, self._concurrency = concurrency, float(concurrency)
        self._max_per_minute, self._per_minute = per_minute, float(per_minute)
        self._clock, self._sleep, self._random = clock, sleep, random
        self._running = 0
        self._sent: deque[float] = deque()
        self._paused_until = self._reduced_at = float("-inf")
        self._queue_lock = asyncio.Lock()
        self._slot_freed = asyncio.Event()

    @property
    def concurrency(self) -> int:
        """How many requests may run at once now."""
        return int(self._concurrency)

    @property
    def per_minute(self) -> int:
        """How many requests may go in a minute now."""
        return int(self._per_minute)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[float]:
        """Wait for one's turn; the value is when it came, for the verdict on the answer."""
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
        """An answer came: allow a little more."""
        self._concurrency = min(self._max_concurrency, self._concurrency + 1 / self._concurrency)
        self._per_minute = min(self._max_per_minute, self._per_minute + self._max_per_minute * _RECOVERY)

    def on_failure(self, started_at: float) -> None:
        """A 5xx, or no answer, to a request that began at `began`: fewer at once."""
        if started_at > self._reduced_at:
            self._reduced_at = self._clock()
            self._concurrency = max(1.0, self._concurrency / 2)

    def on_throttled(self, started_at: float, retry_after: float | None) -> None:
        """A 429 to a request that began at `began`: all wait, and then go more slowly."""
        if started_at > self._reduced_at:
            self._per_minute = max(1.0, self._per_minute / 2)
        self.on_failure(started_at)
        wait = _THROTTLED_WAIT if retry_after is None else min(retry_after, MAX_WAIT)
        until = self._clock() + wait * (1 + _JITTER * self._random())
        self._paused_until = max(self._paused_until, until)

    async def _wait_for_turn(self) -> None:
        while True:
            while self._running >= self.concurrency:
                self._slot_freed.clear()
                await self._slot_freed.wait()
            delay = self._delay()
            if delay <= 0:
                return
            await self._sleep(delay)

    def _delay(self) -> float:
        """Seconds until the next request may go."""
        now = self._clock()
        while self._sent and self._sent[0] <= now - _WINDOW:
            self._sent.popleft()
        full = len(self._sent) >= self.per_minute
        # with a lowered rate the window may hold more than is allowed now: wait until enough have left it
        quota = self._sent[len(self._sent) - self.per_minute] + _WINDOW - now if full else 0.0
        return max(quota, self._paused_until - now)
