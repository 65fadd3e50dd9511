"""Calls that block signals."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

_T = TypeVar("_T")


def call_interruptibly(call: Callable[[], _T]) -> _T:
    """Return the result of a call that blocks signals, as those of a library in another language do.

    In the main thread, which alone handles signals, it runs in a thread of its own: if a signal handler raises an
    exception, the wait ends at once, and the call goes on unseen until the process ends. It must not write.
    """
    if threading.current_thread() is not threading.main_thread():
        return call()
    future: Future[_T] = Future()

    def run() -> None:
        try:
            result = call()
        except BaseException as error:  # noqa: BLE001 - raised where the result is awaited
            future.set_exception(error)
        else:
            future.set_result(result)

    threading.Thread(target=run, daemon=True).start()
    return future.result()
