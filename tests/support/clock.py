"""An event loop whose time jumps to the next timer: hours of waiting pass in no time, in their true order."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from galleryctl.wix.transport import Timing

_T = TypeVar("_T")

EPOCH = 1_795_502_400.0
"""The epoch seconds at which a virtual loop begins: Tue, 24 Nov 2026 06:40:00 GMT."""


class _JumpingSelector(selectors.SelectSelector):
    """Does not wait for timers: it says how long one would have waited."""

    waited = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout:
            self.waited += timeout
            timeout = 0
        return super().select(timeout)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its clock stands still while anything runs."""

    def __init__(self) -> None:
        self.selector = _JumpingSelector()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.waited


def run_virtual(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """The result of `coroutine`, run in a virtual loop of its own."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(coroutine)


def elapsed() -> float:
    """Seconds since the running loop began."""
    return asyncio.get_running_loop().time()


def virtual_timing(random_value: float = 1.0) -> Timing:
    """The running loop's time; `chance` is what every throw of the dice gives."""
    return Timing(clock=elapsed, now=lambda: EPOCH + elapsed(), sleep=asyncio.sleep, random=lambda: random_value)
