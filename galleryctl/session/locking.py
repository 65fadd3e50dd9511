"""Wait for the lock of a state, and send no write without it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager

from galleryctl.model.errors import LockedError
from galleryctl.model.waiting import Waiting, WaitKind
from galleryctl.state.backend import LockInfo, StateBackend, StateLock
from galleryctl.waits import Waits

_POLL_SECONDS = 0.5
"""Seconds between two attempts to acquire a lock that is taken."""


@asynccontextmanager
async def hold_lock(
    backend: StateBackend, owner: LockInfo, lock_timeout: float | None, waits: Waits
) -> AsyncIterator[LockInfo | None]:
    """Hold the lock for the length of an `async with`; the value is the ended run whose lock was taken over, if any.

    Waits for `lock_timeout` seconds, by default as long as the lock suggests. Raises LockedError if another run still
    holds the lock then.
    """
    limit = backend.state_lock.default_wait if lock_timeout is None else lock_timeout
    with ExitStack() as stack:
        yield await _acquire(stack, backend, owner, limit, waits)


def write_guard(lock: StateLock) -> Callable[[], Awaitable[None]]:
    """Return a function that raises StateError if a run must not write to the site because it lost its lock."""

    async def ensure_fresh() -> None:
        if not lock.is_fresh():
            await asyncio.to_thread(lock.ensure_fresh)

    return ensure_fresh


async def _acquire(
    stack: ExitStack, backend: StateBackend, owner: LockInfo, limit: float, waits: Waits
) -> LockInfo | None:
    """Enter the lock into `stack` and return the ended run whose lock was taken over, if any."""
    clock = asyncio.get_running_loop().time
    start, refusal, sleep = clock(), "", waits.sleep
    with ExitStack() as announced:
        while True:
            try:
                return stack.enter_context(backend.lock(owner))
            except LockedError as error:
                waited = clock() - start
                if waited >= limit:
                    raise
                if error.what != refusal:  # at first, and when another run holds the lock
                    refusal = error.what
                    announced.close()
                    waiting = _lock_wait(backend.lock_holder(), limit - waited)
                    sleep = announced.enter_context(waits.during(waiting))
            await sleep(min(_POLL_SECONDS, limit - waited))


def _lock_wait(holder: LockInfo | None, seconds: float) -> Waiting:
    what = f"the state lock, held by {holder or 'another run'}"
    return Waiting(kind=WaitKind.LOCK, what=what, seconds=seconds, at_most=True)
