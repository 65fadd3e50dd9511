"""Run a coroutine in another thread, with its own event loop."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
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

    Each cancellation cancels the work; its end is awaited.
    """
    operation = _Operation(work)
    future = asyncio.get_running_loop().run_in_executor(None, operation.run)
    cancelled: asyncio.CancelledError | None = None
    while not future.done():
        try:
            await asyncio.wait({future})
        except asyncio.CancelledError as error:
            cancelled = error
            operation.cancel()
    if cancelled is None:
        return future.result()
    with suppress(asyncio.CancelledError):
        future.exception()  # a future whose exception nobody retrieves is logged
    raise cancelled


def run_blocking(work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
    """Run the work and return its result, also if an event loop is running in this thread.

    Each Ctrl-C cancels the work; KeyboardInterrupt is raised after its end.
    """
    operation = _Operation(work)
    with _cancel_on_interrupt(operation), ThreadPoolExecutor(max_workers=1) as pool:  # its exit waits for the operation
        return pool.submit(operation.run).result()


@contextmanager
def _cancel_on_interrupt(operation: _Operation[Any]) -> Iterator[None]:
    """Replace the handler of SIGINT: that of asyncio.run would not interrupt a blocking call.

    Only the main thread can; elsewhere, or if SIGINT is ignored or fatal, nothing is replaced.
    """
    previous = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(previous):
        yield
        return
    interrupted = False

    def interrupt(*_: object) -> None:
        nonlocal interrupted
        interrupted = True
        operation.cancel()

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
        if interrupted:
            raise KeyboardInterrupt from None
