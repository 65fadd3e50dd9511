"""What happens after the answer: each event is told once, and its gallery is checked when no more events come."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic

from galleryctl.events.inbox import Entry, Inbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Checks galleries. `check` takes a live id and says whether it could be done; `quiet` is in seconds."""

    check: Callable[[str], Awaitable[bool]]
    quiet: float


@dataclass(slots=True, kw_only=True)
class _Concern:
    """The events that one check of a gallery answers, and from when on it may be made."""

    due: float
    numbers: list[int] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Work:
    """What is to be done with the `inbox`; `limit` ends it after so many events, None never.

    An event that was told is done, unless a `watch` has its gallery still to check: then it stays in the inbox, and
    is checked, not told, by the next process should this one be killed.
    """

    inbox: Inbox
    tell: Callable[[Entry], None]
    """Called in a thread."""
    watch: Watch | None = None
    limit: int | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _concerns: dict[str, _Concern] = field(default_factory=dict)
    _last: int = 0
    _told: int = 0

    def arrived(self) -> None:
        """There is something new in the inbox."""
        self._news.set()

    async def run(self) -> None:
        """Work until the limit is reached and all that was told is checked; cancel it to stop before."""
        while True:
            self._news.clear()
            await self._take()
            if self.watch is not None:
                await self._check(self.watch)
            if self._full() and not self._concerns:
                return
            await self._wait()

    def _full(self) -> bool:
        return self.limit is not None and self._told >= self.limit

    async def _take(self) -> None:
        """Tell what is new."""
        for entry in self.inbox.waiting(self._last):
            if not entry.told and self._full():
                return
            if not entry.told:
                await self._tell(entry)
            self._settle(entry)

    async def _tell(self, entry: Entry) -> None:
        """Tell it in a thread, for a reader that is slow must not keep deliveries waiting."""
        telling = asyncio.ensure_future(asyncio.to_thread(self.tell, entry))
        try:
            await asyncio.shield(telling)
        except asyncio.CancelledError:
            await telling  # it is begun, so it must be noted as well
            self._settle(entry)
            raise
        self._told += 1

    def _settle(self, entry: Entry) -> None:
        """Note that it was told; remember what is left to do."""
        self._last = entry.number
        gallery = entry.event.gallery
        if self.watch is None or gallery is None:
            self.inbox.done([entry.number])
            return
        if not entry.told:
            self.inbox.told(entry.number)
        concern = self._concerns.setdefault(gallery, _Concern(due=0))
        concern.due = monotonic() + self.watch.quiet
        concern.numbers.append(entry.number)

    async def _check(self, watch: Watch) -> None:
        """Check the galleries of which nothing was heard for long enough."""
        now = monotonic()
        for gallery in [name for name, concern in self._concerns.items() if concern.due <= now]:
            concern = self._concerns[gallery]
            if await watch.check(gallery):
                self.inbox.done(concern.numbers)
            # What could not be checked stays in the inbox, for the next start.
            del self._concerns[gallery]

    async def _wait(self) -> None:
        """Return when something came, or a gallery is due."""
        due = min((concern.due for concern in self._concerns.values()), default=None)
        try:
            async with asyncio.timeout(None if due is None else max(0.0, due - monotonic())):
                await self._news.wait()
        except TimeoutError:
            return
