"""Run coroutines beside an event loop: in a thread of their own, with a loop of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Generic, TypeVar

_T = TypeVar("_T")


class _Work(Generic[_T]):
    """A coroutine, run once in the thread that calls `run`; `cancel` may be called from any other."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, _T]]) -> None:
        self._work = work
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[Any] | None = None

    def run(self) -> _T:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            return runner.run(self._main())

    async def _main(self) -> _T:
        self._task = asyncio.current_task()
        return await self._work()

    def cancel(self) -> None:
        with suppress(RuntimeError):  # the loop is closed: the work has just ended by itself
            self._loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        # Until the work begins, its task is the only one of the loop.
        for task in {self._task} if self._task else asyncio.all_tasks(self._loop):
            task.cancel()


async def in_background(work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
    """Return the result of the work, which does not block the running event loop however long it computes.

    When this is cancelled, the work is cancelled too, and its end is awaited.
    """
    running = _Work(work)
    future = asyncio.get_running_loop().run_in_executor(None, running.run)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        running.cancel()
        await asyncio.wait({future})
        raise


def run_blocking(work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
    """Return the result of the work, whether or not an event loop is running in this thread.

    Ctrl-C cancels the work, waits for its end and raises KeyboardInterrupt.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work())
    running = _Work(work)
    with ThreadPoolExecutor(max_workers=1) as pool:  # leaving it waits for the end
        future = pool.submit(running.run)
        try:
            return future.result()
        except KeyboardInterrupt:
            running.cancel()
            raise
