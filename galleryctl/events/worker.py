"""Processing of stored events: each is reported once, and its gallery is checked for drift when events stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

from galleryctl.events.async_inbox import AsyncInbox
from galleryctl.events.inbox import InboxEntry
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.waiting import Waiting, WaitKind
from galleryctl.waits import Waits


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftCheck:
    """The drift check of galleries. `check` takes a live id and returns True if the check could run.

    A check runs after `quiet_seconds` without an event of its gallery.
    """

    check: Callable[[str], Awaitable[bool]]
    quiet_seconds: float


@dataclass(slots=True, kw_only=True)
class _PendingCheck:
    """The events that one check of a gallery covers; `due` is when it may run, by the monotonic clock."""

    due: float
    entry_numbers: list[int] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class EventWorker:
    """A worker that processes the `inbox`, and ends after `limit` events, or never if that is None.

    A reported event is done unless `drift_check` has to check its gallery. Until then it stays in the inbox; if this
    process is killed, the next one checks it without reporting it again.
    """

    inbox: AsyncInbox
    on_event: Callable[[InboxEntry], None]
    """Called in a thread."""
    on_error: Callable[[GalleryctlError], None]
    """Called if the inbox cannot be written; the worker tries again every `retry_seconds`."""
    retry_seconds: float = 10.0
    drift_check: DriftCheck | None = None
    limit: int | None = None
    waits: Waits = field(default_factory=Waits)
    _new_events: asyncio.Event = field(default_factory=asyncio.Event)
    _pending_checks: dict[str, _PendingCheck] = field(default_factory=dict)
    _last_number: int = 0
    _reported_count: int = 0

    def notify(self) -> None:
        """Wake the worker after an event was stored."""
        self._new_events.set()

    async def run(self) -> None:
        """Run until the limit is reached and all reported events are checked; cancel it to stop earlier."""
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
        """Report the next events; a slow disk that records this does not delay the next line, but the next events."""
        entries = await self.inbox.pending(self._last_number)
        records: list[tuple[InboxEntry, Awaitable[None]]] = []
        for entry in entries:
            if not entry.reported:
                if self._limit_reached():
                    break
                await self._report(entry)
                records.append((entry, self._record(entry)))
            self._last_number = entry.number
            self._schedule_check(entry)
        else:
            if entries:
                self.notify()  # there may be more
        await self._complete(records)

    async def _report(self, entry: InboxEntry) -> None:
        """Report the event in a thread, because a slow reader must not delay deliveries."""
        report = asyncio.ensure_future(asyncio.to_thread(self.on_event, entry))
        try:
            await asyncio.shield(report)
        except asyncio.CancelledError:
            await report  # it has started, so it must be recorded as well
            await self._record(entry)
            raise
        self._reported_count += 1

    def _record(self, entry: InboxEntry) -> Awaitable[None]:
        """Begin to record that the event was reported, and is done unless its gallery is to be checked."""
        if self.drift_check is None or entry.event.gallery is None:
            return self.inbox.mark_done([entry.number])
        return self.inbox.mark_reported(entry.number)

    async def _complete(self, records: Sequence[tuple[InboxEntry, Awaitable[None]]]) -> None:
        """Wait until these are recorded; while the disk is full, try again."""
        while records:
            results = await asyncio.gather(*(recorded for _, recorded in records), return_exceptions=True)
            failed = [entry for (entry, _), error in zip(records, results, strict=True) if error is not None]
            if failed:
                await self._delay_retry([error for error in results if error is not None])
            records = [(entry, self._record(entry)) for entry in failed]

    async def _delay_retry(self, errors: Sequence[BaseException]) -> None:
        """Report the first of the errors and wait; raise it if trying again does not help."""
        error = errors[0]
        if not isinstance(error, GalleryctlError):
            raise error
        self.on_error(error)
        what = "the next attempt to record events"
        await self.waits.pause(Waiting(kind=WaitKind.EVENTS, what=what, seconds=self.retry_seconds))

    def _schedule_check(self, entry: InboxEntry) -> None:
        """Add the event to the pending check of its gallery."""
        gallery = entry.event.gallery
        if self.drift_check is not None and gallery is not None:
            pending = self._pending_checks.setdefault(gallery, _PendingCheck(due=0))
            pending.due = monotonic() + self.drift_check.quiet_seconds
            pending.entry_numbers.append(entry.number)

    async def _run_due_checks(self, drift_check: DriftCheck) -> None:
        """Check the galleries without events for `quiet_seconds`."""
        now = monotonic()
        for gallery in [name for name, pending in self._pending_checks.items() if pending.due <= now]:
            pending = self._pending_checks[gallery]
            if await drift_check.check(gallery):
                await self.inbox.mark_done(pending.entry_numbers)
            # Events whose check could not run stay in the inbox for the next start.
            del self._pending_checks[gallery]

    async def _wait(self) -> None:
        """Wait until an event arrives or a check is due."""
        due = min((pending.due for pending in self._pending_checks.values()), default=None)
        if due is None:
            await self._new_events.wait()
            return
        seconds, count = max(0.0, due - monotonic()), len(self._pending_checks)
        what = f"further events before the check of {count} {'gallery' if count == 1 else 'galleries'}"
        with self.waits.during(Waiting(kind=WaitKind.EVENTS, what=what, seconds=seconds)), suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._new_events.wait()
