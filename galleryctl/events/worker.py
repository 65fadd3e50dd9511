"""What happens after the answer: each event is told once, and its gallery is checked when no more events come."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic

from galleryctl.events.inbox import Inbox, InboxEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftCheck:
    """Checks galleries. `check` takes a live id and says whether it could be done; `quiet` is in seconds."""

    check: Callable[[str], Awaitable[bool]]
    quiet_seconds: float


@dataclass(slots=True, kw_only=True)
class _PendingCheck:
    """The events that one check of a gallery answers, and from when on it may be made."""

    due: float
    entry_numbers: list[int] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class EventWorker:
    """What is to be done with the `inbox`; `limit` ends it after so many events, None never.

    An event that was told is done, unless a `watch` has its gallery still to check: then it stays in the inbox, and
    is checked, not told, by the next process should this one be killed.
    """

    inbox: Inbox
    on_event: Callable[[InboxEntry], None]
    """Called in a thread."""
    drift_check: DriftCheck | None = None
    limit: int | None = None
    _new_events: asyncio.Event = field(default_factory=asyncio.Event)
    _pending_checks: dict[str, _PendingCheck] = field(default_factory=dict)
    _last_number: int = 0
    _reported_count: int = 0

    def notify(self) -> None:
        """There is something new in the inbox."""
        self._new_events.set()

    async def run(self) -> None:
        """Work until the limit is reached and all that was told is checked; cancel it to stop before."""
        while True:
            self._new_events.clear()
            await self._process_new_events()
            if self.drift_check is not None:
                await self._run_due_checks(self.drift_check)
            if self._limit_reached() and not self._pending_checks:
                return
            await self._wait()

    def _limit_reached(self) -> bool:
        return self.limit is not None and self._reported_count >= self.limit

    async def _process_new_events(self) -> None:
        """Tell what is new."""
        for entry in self.inbox.pending(self._last_number):
            if not entry.reported and self._limit_reached():
                return
            if not entry.reported:
                await self._report(entry)
            self._mark_reported(entry)

    async def _report(self, entry: InboxEntry) -> None:
        """Tell it in a thread, for a reader that is slow must not keep deliveries waiting."""
        telling = asyncio.ensure_future(asyncio.to_thread(self.on_event, entry))
        try:
            await asyncio.shield(telling)
        except asyncio.CancelledError:
            await telling  # it is begun, so it must be noted as well
            self._mark_reported(entry)
            raise
        self._reported_count += 1

    def _mark_reported(self, entry: InboxEntry) -> None:
        """Note that it was told; remember what is left to do."""
        self._last_number = entry.number
        gallery = entry.event.gallery
        if self.drift_check is None or gallery is None:
            self.inbox.mark_done([entry.number])
            return
        if not entry.reported:
            self.inbox.mark_reported(entry.number)
        concern = self._pending_checks.setdefault(gallery, _PendingCheck(due=0))
        concern.due = monotonic() + self.drift_check.quiet_seconds
        concern.entry_numbers.append(entry.number)

    async def _run_due_checks(self, drift_check: DriftCheck) -> None:
        """Check the galleries of which nothing was heard for long enough."""
        now = monotonic()
        for gallery in [name for name, concern in self._pending_checks.items() if concern.due <= now]:
            concern = self._pending_checks[gallery]
            if await drift_check.check(gallery):
                self.inbox.mark_done(concern.entry_numbers)
            # What could not be checked stays in the inbox, for the next start.
            del self._pending_checks[gallery]

    async def _wait(self) -> None:
        """Return when something came, or a gallery is due."""
        due = min((concern.due for concern in self._pending_checks.values()), default=None)
        try:
            async with asyncio.timeout(None if due is None else max(0.0, due - monotonic())):
                await self._new_events.wait()
        except TimeoutError:
            return
