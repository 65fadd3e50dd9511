"""Run a coroutine in another thread, with its own event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Generic, TypeVar

_T = TypeVar("_T")


class _Operation(Generic[_T]):
    """A coroutine, run once in the thread that calls `run`; any thread may call `cancel`."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, _T]]) -> None:
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(work())

    def run(self) -> _T:
        async def result() -> _T:
            return await self._task

        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            return runner.run(result())

    def cancel(self) -> None:
        with suppress(RuntimeError):  # the loop is closed: the operation has just ended
            self._loop.call_soon_threadsafe(self._task.cancel)


async def in_background(work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
    """Run the work in a thread and return its result; the running event loop is not blocked.

    A cancellation cancels the work and waits for its end.
    """
    operation = _Operation(work)
    future = asyncio.get_running_loop().run_in_executor(None, operation.run)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        operation.cancel()
        await asyncio.wait({future})
        raise


def run_blocking(work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
    """Run the work and return its result, also if an event loop is running in this thread.

    Ctrl-C cancels the work, waits for its end and raises KeyboardInterrupt.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work())
    operation = _Operation(work)
    with ThreadPoolExecutor(max_workers=1) as pool:  # its exit waits for the operation
        future = pool.submit(operation.run)
        try:
            return future.result()
        except KeyboardInterrupt:
            operation.cancel()
            raise
