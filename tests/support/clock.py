"""An event loop whose time jumps to the next timer: hours pass at once, with all events in order."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from galleryctl.wix.transport import Timing

_T = TypeVar("_T")

EPOCH = 1_795_502_400.0
"""The epoch seconds at which a virtual loop starts: Tue, 24 Nov 2026 06:40:00 GMT."""


class _JumpingSelector(selectors.SelectSelector):
    """A selector that reports how long it would have waited for a timer instead of waiting."""

    waited = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout:
            self.waited += timeout
            timeout = 0
        return super().select(timeout)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock advances only while it waits."""

    def __init__(self) -> None:
        self.selector = _JumpingSelector()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.waited


def run_virtual(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Run `coroutine` in a new virtual loop and return its result."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(coroutine)


def elapsed() -> float:
    """Return the seconds since the running loop started."""
    return asyncio.get_running_loop().time()


def virtual_timing(random_value: float = 1.0) -> Timing:
    """Return the running loop's time as a Timing in which every random number is `random_value`."""
    return Timing(clock=elapsed, now=lambda: EPOCH + elapsed(), sleep=asyncio.sleep, random=lambda: random_value)
