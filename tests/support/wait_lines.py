"""The lines about waits on a virtual clock, in place of the thread that prints them on a terminal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from galleryctl.cli.wait_lines import WaitLines
from galleryctl.model.waiting import Waiting
from galleryctl.waits import Waits
from tests.support.clock import elapsed

_STEP = 0.5
"""Seconds between two looks; the thread looks when a line is due."""


def minutes(seconds: float) -> datetime:
    """Return the local time some seconds after midnight: 40 s is 00:00:40."""
    return datetime.fromtimestamp(seconds, UTC)


@dataclass(slots=True)
class PrintedWaits:
    """The lines that were printed, each with its second, and all waits that were observed."""

    lines: list[tuple[float, str]] = field(default_factory=list)
    observed: list[Waiting] = field(default_factory=list)
    current: list[Waiting] = field(default_factory=list)
    clock: Callable[[], float] = elapsed
    schedule: WaitLines = field(init=False)

    def __post_init__(self) -> None:
        self.schedule = WaitLines(self.clock)

    @contextmanager
    def observe(self, waiting: Waiting) -> Iterator[None]:
        """Observe a wait."""
        self.observed.append(waiting)
        self.current.append(waiting)
        try:
            with self.schedule.observe(waiting):
                yield
        finally:
            self.current.remove(waiting)

    @property
    def waits(self) -> Waits:
        """Waits on the virtual clock that are observed."""
        return Waits(observer=self.observe)

    def look(self) -> None:
        """Print what is due now."""
        now = self.clock()
        self.lines += [(now, line) for line in self.schedule.due(minutes(now))]

    @asynccontextmanager
    async def printing(self) -> AsyncIterator[None]:
        """Print for the length of an `async with`, in which the virtual clock runs."""

        async def look() -> None:
            while True:
                await asyncio.sleep(_STEP)
                self.look()

        looking = asyncio.ensure_future(look())
        try:
            yield
        finally:
            looking.cancel()
