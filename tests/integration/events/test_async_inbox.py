"""The inbox in the event loop: waiting writes share a transaction, and one that fails does not fail the others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from threading import Event as Gate
from typing import Any

import pytest

from galleryctl.events.async_inbox import AsyncInbox
from galleryctl.events.event import decode_event
from galleryctl.events.inbox import Inbox, InboxEntry
from galleryctl.events.worker import DriftCheck, EventWorker
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.waiting import WaitKind
from tests.support.signed_events import NOW, item_updated
from tests.support.wait_lines import PrintedWaits


async def put(stored: AsyncInbox, ident: str, **extra: Any) -> bool:
    data = item_updated(id=ident)
    return await stored.put(data | extra, decode_event(data), NOW)


def run(path: Path, work: Callable[[Inbox, AsyncInbox], Awaitable[None]]) -> list[str]:
    """Run the work and return the ids of the events that are stored after a restart."""

    async def opened(inbox: Inbox) -> None:
        async with AsyncInbox(inbox) as stored:
            await work(inbox, stored)

    with Inbox(path / "events.sqlite3") as inbox:
        asyncio.run(opened(inbox))
    with Inbox(path / "events.sqlite3") as inbox:
        return [entry.event.id for entry in inbox.pending()]


def test_writes_that_wait_together_are_one_transaction(tmp_path: Path) -> None:
    statements: list[str] = []

    async def work(inbox: Inbox, stored: AsyncInbox) -> None:
        inbox._db.set_trace_callback(statements.append)
        results = await asyncio.gather(*(put(stored, f"{number % 15}") for number in range(20)))
        assert results == [True] * 15 + [False] * 5

    assert run(tmp_path, work) == [str(number) for number in range(15)]
    assert statements.count("COMMIT") == 1


def test_a_write_that_fails_does_not_fail_the_others(tmp_path: Path) -> None:
    async def work(_: Inbox, stored: AsyncInbox) -> None:
        writes = [put(stored, "a"), put(stored, "b", unstorable=object()), put(stored, "c")]
        results = await asyncio.gather(*writes, return_exceptions=True)
        assert [type(result) for result in results] == [bool, TypeError, bool]

    assert run(tmp_path, work) == ["a", "c"]


def test_a_write_that_waits_is_stored_though_its_caller_is_cancelled(tmp_path: Path) -> None:
    async def work(inbox: Inbox, stored: AsyncInbox) -> None:
        gate = Gate()
        inbox._db.create_function("wait", 0, lambda: gate.wait(10))
        inbox._db.execute("CREATE TEMP TRIGGER slow BEFORE INSERT ON main.inbox BEGIN SELECT wait(); END")
        first = asyncio.create_task(put(stored, "a"))
        await asyncio.sleep(0)
        second = asyncio.create_task(put(stored, "b"))
        await asyncio.sleep(0)
        second.cancel()
        gate.set()
        assert await first
        await asyncio.wait([second])
        assert second.cancelled()

    assert run(tmp_path, work) == ["a", "b"]


def test_while_the_disk_is_full_no_further_events_are_reported(tmp_path: Path) -> None:
    reported: list[str] = []
    errors: list[str] = []
    first = [f"{number}" for number in range(50)]

    async def work(inbox: Inbox, stored: AsyncInbox) -> None:
        def on_event(entry: InboxEntry) -> None:
            reported.append(entry.event.id)
            if entry.event.id == "49":
                inbox._db.execute("PRAGMA query_only = ON")

        def on_error(error: GalleryctlError) -> None:
            errors.append(str(error))
            assert reported == first
            if len(errors) == 3:
                inbox._db.execute("PRAGMA query_only = OFF")

        await asyncio.gather(*(put(stored, f"{number}") for number in range(60)))
        await EventWorker(inbox=stored, on_event=on_event, on_error=on_error, retry_seconds=0, limit=60).run()

    assert run(tmp_path, work) == []
    assert reported == [f"{number}" for number in range(60)]
    assert len(errors) == 3
    assert "the events inbox cannot be written" in errors[0]


@pytest.mark.parametrize("count", [0, 1, 120])
def test_events_of_an_earlier_run_are_reported_in_order(tmp_path: Path, count: int) -> None:
    reported: list[str] = []

    async def work(_: Inbox, stored: AsyncInbox) -> None:
        await asyncio.gather(*(put(stored, f"{number}") for number in range(count + 1)))
        worker = EventWorker(
            inbox=stored,
            on_event=lambda entry: reported.append(entry.event.id),
            on_error=lambda error: pytest.fail(str(error)),
            limit=count,
        )
        await worker.run()

    assert run(tmp_path, work) == [str(count)]
    assert reported == [str(number) for number in range(count)]


def test_the_wait_before_a_check_and_before_a_retry_is_announced(tmp_path: Path) -> None:
    printed = PrintedWaits(clock=lambda: 0.0)

    async def work(inbox: Inbox, stored: AsyncInbox) -> None:
        async def check(_gallery: str) -> bool:
            return True

        def on_event(_entry: InboxEntry) -> None:
            inbox._db.execute("PRAGMA query_only = ON")

        def on_error(_error: GalleryctlError) -> None:
            inbox._db.execute("PRAGMA query_only = OFF")

        await put(stored, "a")
        worker = EventWorker(
            inbox=stored,
            on_event=on_event,
            on_error=on_error,
            retry_seconds=0.01,
            drift_check=DriftCheck(check=check, quiet_seconds=0.2),
            limit=1,
            waits=printed.waits,
        )
        await worker.run()

    assert run(tmp_path, work) == []
    assert {(each.kind, each.what) for each in printed.observed} == {
        (WaitKind.EVENTS, "the next attempt to record events"),
        (WaitKind.EVENTS, "further events before the check of 1 gallery"),
    }
    assert printed.current == []
