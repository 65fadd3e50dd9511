"""Ctrl-C and SIGTERM, which mean the same here: what they do while a command waits, asks, plans or applies."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from galleryctl.model.errors import Interrupted

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def raise_on_signal() -> Iterator[None]:
    """For code that blocks the event loop: a signal raises KeyboardInterrupt, for a handler of the loop would wait."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def cancel_on_signal() -> Iterator[None]:
    """For code that waits and has not begun to write: a signal ends it; raises Interrupted."""
    task = asyncio.current_task()
    stopped = False

    def interrupt() -> None:
        nonlocal stopped
        stopped = True
        if task is not None:
            task.cancel()

    with _signal_handler(interrupt):
        try:
            yield
        except asyncio.CancelledError:
            if not stopped:
                raise
            raise Interrupted("interrupted; nothing was changed on the site") from None


@contextmanager
def stop_on_signal(stop: asyncio.Event, notify: Callable[[str], None]) -> Iterator[None]:
    """For code that writes: the first signal sets `stop`, the second ends it at once; raises Interrupted then."""
    task = asyncio.current_task()
    again = False

    def interrupt() -> None:
        nonlocal again
        if not stop.is_set():
            stop.set()
            notify("Stopping: what is in flight is finished. Once more stops at once.")
        elif task is not None:
            again = True
            task.cancel()

    with _signal_handler(interrupt):
        try:
            yield
        except asyncio.CancelledError:
            if not again:
                raise
            raise Interrupted(
                "stopped at once; some calls may have taken effect",
                do="run the same command again: the journal knows what was under way",
            ) from None


@contextmanager
def _signal_handler(interrupt: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:
        loop.add_signal_handler(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
