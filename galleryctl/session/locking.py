"""Wait for the lock of a state, and send no write without it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass

from galleryctl.model.errors import LockedError
from galleryctl.state.backend import LockInfo, StateBackend, StateLock

_POLL_SECONDS = 0.5
"""Seconds between two attempts to acquire a lock that is taken."""
_FIRST_REPORT = 3.0
_REPORT_INTERVAL = 30.0
"""Seconds of waiting before the first report, and between two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockWait:
    """The wait for a lock: its holder, None if it is not recorded, and the number of seconds after which it ends."""

    holder: LockInfo | None
    seconds_left: float


@asynccontextmanager
async def hold_lock(
    backend: StateBackend, owner: LockInfo, lock_timeout: float | None, on_wait: Callable[[LockWait], None]
) -> AsyncIterator[LockInfo | None]:
    """Hold the lock for the length of an `async with`; the value is the ended run whose lock was taken over, if any.

    Waits for `lock_timeout` seconds, by default as long as the lock suggests; calls `on_wait` after three seconds and then
    every thirty. Raises LockedError if another run still holds the lock then.
    """
    limit = backend.state_lock.default_wait if lock_timeout is None else lock_timeout
    with ExitStack() as stack:
        yield await _acquire(stack, backend, owner, limit, on_wait)


def write_guard(lock: StateLock) -> Callable[[], Awaitable[None]]:
    """Return a function that raises StateError if a run must not write to the site because it lost its lock."""

    async def ensure_fresh() -> None:
        if not lock.is_fresh():
            await asyncio.to_thread(lock.ensure_fresh)

    return ensure_fresh


async def _acquire(
    stack: ExitStack, backend: StateBackend, owner: LockInfo, limit: float, on_wait: Callable[[LockWait], None]
) -> LockInfo | None:
    """Enter the lock into `stack` and return the ended run whose lock was taken over, if any."""
    clock = asyncio.get_running_loop().time
    start, next_report = clock(), _FIRST_REPORT
    while True:
        try:
            return stack.enter_context(backend.lock(owner))
        except LockedError:
            waited = clock() - start
            if waited >= limit:
                raise
        if waited >= next_report:
            on_wait(LockWait(holder=backend.lock_holder(), seconds_left=limit - waited))
            next_report = waited + _REPORT_INTERVAL
        await asyncio.sleep(min(_POLL_SECONDS, limit - waited))
