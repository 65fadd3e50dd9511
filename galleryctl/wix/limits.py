"""How many requests may run at once and in a minute; both adapt to what the API bears."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

WINDOW = 61.0
"""Seconds in which the quota counts: Wix's minute, and a second for requests that overtake each other on the way."""
THROTTLED_WAIT = 60.0
"""Seconds to wait after a 429 that names no time; the vendor's advice is about a minute."""
LONGEST_WAIT = 600.0
"""Seconds beyond which a Retry-After is not believed."""
JITTER = 0.1
"""Waits are lengthened by up to this share, so that several runs do not come back at one moment."""
RECOVERY = 0.001
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
        self._most_at_once, self._at_once = concurrency, float(concurrency)
        self._most_per_minute, self._per_minute = per_minute, float(per_minute)
        self._clock, self._sleep, self._random = clock, sleep, random
        self._running = 0
        self._sent: deque[float] = deque()
        self._paused_until = self._cut_at = float("-inf")
        self._turn = asyncio.Lock()
        self._freed = asyncio.Event()

    @property
    def at_once(self) -> int:
        """How many requests may run at once now."""
        return int(self._at_once)

    @property
    def per_minute(self) -> int:
        """How many requests may go in a minute now."""
        return int(self._per_minute)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[float]:
        """Wait for one's turn; the value is when it came, for the verdict on the answer."""
        async with self._turn:
            await self._wait_for_turn()
            began = self._clock()
            self._sent.append(began)
            self._running += 1
        try:
            yield began
        finally:
            self._running -= 1
            self._freed.set()

    def good(self) -> None:
        """An answer came: allow a little more."""
        self._at_once = min(self._most_at_once, self._at_once + 1 / self._at_once)
        self._per_minute = min(self._most_per_minute, self._per_minute + self._most_per_minute * RECOVERY)

    def failed(self, began: float) -> None:
        """A 5xx, or no answer, to a request that began at `began`: fewer at once."""
        if began > self._cut_at:
            self._cut_at = self._clock()
            self._at_once = max(1.0, self._at_once / 2)

    def throttled(self, began: float, retry_after: float | None) -> None:
        """A 429 to a request that began at `began`: all wait, and then go more slowly."""
        if began > self._cut_at:
            self._per_minute = max(1.0, self._per_minute / 2)
        self.failed(began)
        wait = THROTTLED_WAIT if retry_after is None else min(retry_after, LONGEST_WAIT)
        until = self._clock() + wait * (1 + JITTER * self._random())
        self._paused_until = max(self._paused_until, until)

    async def _wait_for_turn(self) -> None:
        while True:
            while self._running >= self.at_once:
                self._freed.clear()
                await self._freed.wait()
            delay = self._delay()
            if delay <= 0:
                return
            await self._sleep(delay)

    def _delay(self) -> float:
        """Seconds until the next request may go."""
        now = self._clock()
        while self._sent and self._sent[0] <= now - WINDOW:
            self._sent.popleft()
        full = len(self._sent) >= self.per_minute
        # with a lowered rate the window may hold more than is allowed now: wait until enough have left it
        quota = self._sent[len(self._sent) - self.per_minute] + WINDOW - now if full else 0.0
        return max(quota, self._paused_until - now)
