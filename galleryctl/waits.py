"""The one place in which galleryctl sleeps: each wait is an event, so that no wait is silent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from galleryctl.model.waiting import Waiting, WaitObserver, unobserved

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """The waits of a run: `observer` is told of each; tests replace `sleep`."""

    observer: WaitObserver = unobserved
    sleep: Sleep = asyncio.sleep

    @contextmanager
    def during(self, waiting: Waiting) -> Iterator[Sleep]:
        """Announce a wait for the length of a `with`, which returns the function that pauses between two looks."""
        with self.observer(waiting):
            yield self.sleep

    async def pause(self, waiting: Waiting) -> None:
        """Wait for the seconds of `waiting`."""
        with self.during(waiting) as sleep:
            await sleep(waiting.seconds or 0.0)
