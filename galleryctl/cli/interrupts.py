"""Handling of Ctrl-C, SIGTERM and SIGHUP, which have the same effect, while a command waits, asks, plans or applies."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from galleryctl.model.errors import Interrupted


def handled_signals() -> tuple[signal.Signals, ...]:
    """Return the signals that end a command. SIGHUP is not among them if it is ignored, as below `nohup`."""
    is_ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return (signal.SIGINT, signal.SIGTERM) if is_ignored else (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def interrupt_on_signal() -> None:
    """Let every signal raise KeyboardInterrupt, wherever no other handler is set: locks are released, then."""
    for number in handled_signals():
        if number is not signal.SIGINT:  # Python's own handler does; asyncio replaces only that one
            signal.signal(number, _raise_interrupt)


def ignore_signals() -> None:
    """Ignore all signals once the exit code is known: while Python ends, they would replace it with their own."""
    for number in handled_signals():
        signal.signal(number, signal.SIG_IGN)


def _raise_interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def raise_on_signal() -> Iterator[None]:
    """Raise KeyboardInterrupt on a signal, in code that blocks the event loop: a handler of the loop would wait."""
    before = {number: signal.signal(number, _raise_interrupt) for number in handled_signals()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def raise_before_writing() -> Iterator[None]:
    """Raise KeyboardInterrupt on a signal, unless this is another thread than the main one, or `stop_on_signal` is active."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is _leave_to_loop:
        yield
        return
    with raise_on_signal():
        yield


def _leave_to_loop(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: the event loop sees the signal once it runs again."""


@contextmanager
def cancel_on_signal() -> Iterator[None]:
    """Cancel on a signal, in code that has not begun to write; raises Interrupted then."""
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
def stop_on_signal(
    stop: asyncio.Event,
    notify: Callable[[str], None],
    *,
    units: str = "steps",
    do: str = "plan again: the next apply recovers the unfinished steps from the journal",
) -> Iterator[None]:
    """Set `stop` on the first signal, in code that writes; cancel on the second one and raise Interrupted.

    `units` are what is finished after the first signal, `do` is the advice after the second one.
    """
    task = asyncio.current_task()
    cancelled = False

    def interrupt() -> None:
        nonlocal cancelled
        if not stop.is_set():
            stop.set()
            notify(f"Stopping after the {units} in progress. Interrupt again to stop immediately.")
        elif task is not None:
            cancelled = True
            task.cancel()

    with _signal_handler(interrupt):
        for number in handled_signals():
            signal.signal(
                number, _leave_to_loop
            )  # not asyncio's own, which does the same: `raise_before_writing` looks
        try:
            yield
        except asyncio.CancelledError:
            if not cancelled:
                raise
            raise Interrupted(
                "stopped immediately; some requests may have taken effect",
                do=do,
            ) from None


@contextmanager
def _signal_handler(interrupt: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in handled_signals()}
    for number in before:
        loop.add_signal_handler(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
