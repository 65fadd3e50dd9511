"""Work in a thread of its own, so that however long it computes, deliveries are answered meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


async def aside(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What the work returns, or raises, at its end. When this is cancelled, the work is, and its end is waited for."""
    loop = asyncio.new_event_loop()

    def run() -> T:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            return runner.run(work())

    future = asyncio.get_running_loop().run_in_executor(None, run)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        with suppress(RuntimeError):  # its loop is closed: it has just ended by itself
            loop.call_soon_threadsafe(_cancel_all, loop)
        await asyncio.wait({future})
        raise


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()
