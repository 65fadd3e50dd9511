"""The inbox for code in the event loop: a slow disk delays responses, but neither reading nor accepting connections."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self, TypeVar

from galleryctl.events.event import Event
from galleryctl.events.inbox import Inbox, InboxEntry

_T = TypeVar("_T")
_Operation = Callable[[], Any]
_BATCH = 50
"""Events that are read at once: with the largest ones, 50 MB."""


class AsyncInbox:
    """The operations of an `Inbox`, in one thread; operations that wait for the disk together become one transaction.

    Close it before the inbox and in the same event loop. An operation begins with its call, and completes also if nobody
    awaits it. Operations run in the order of their calls, and raise as those of `Inbox` do.
    """

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._thread = ThreadPoolExecutor(1, "inbox")
        self._waiting: list[tuple[_Operation, asyncio.Future[Any]]] = []
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._running is not None:
            await self._running
        self._thread.shutdown()

    def put(self, data: Mapping[str, Any], event: Event, now: float) -> Awaitable[bool]:
        """Store an event; return once it is on the disk, False if its id was received before."""
        return self._call(lambda: self._inbox.put(data, event, now))

    def pending(self, after: int = 0) -> Awaitable[tuple[InboxEntry, ...]]:
        """Return the next events with numbers above `after` that are not done; none if there are none."""
        return self._call(lambda: tuple(self._inbox.pending(after, limit=_BATCH)))

    def mark_reported(self, number: int) -> Awaitable[None]:
        """Record that the event was reported and its check is pending."""
        return self._call(lambda: self._inbox.mark_reported(number))

    def mark_done(self, numbers: Iterable[int]) -> Awaitable[None]:
        """Delete these events; their ids stay recorded against repeats."""
        return self._call(lambda: self._inbox.mark_done(numbers))

    def _call(self, operation: Callable[[], _T]) -> asyncio.Future[_T]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_T] = loop.create_future()
        self._waiting.append((operation, future))
        if self._running is None:
            self._running = loop.create_task(self._run())
        return future

    async def _run(self) -> None:
        """Run the operations until none waits; those that arrive meanwhile are the next transaction."""
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting, []
            results = await loop.run_in_executor(self._thread, self._commit, [operation for operation, _ in batch])
            for (_, future), result in zip(batch, results, strict=True):
                if future.done():  # its caller was cancelled
                    continue
                if isinstance(result, BaseException):
                    future.set_exception(result)
                    future.exception()  # not an error of the program if its caller has ended meanwhile
                else:
                    future.set_result(result)
        self._running = None

    def _commit(self, operations: list[_Operation]) -> list[Any]:
        """Run these in one transaction, or each in its own if that fails, so that one cannot fail the others."""
        try:
            with self._inbox.transaction():
                return [operation() for operation in operations]
        except Exception as error:  # noqa: BLE001 - its caller gets it
            if len(operations) == 1:
                return [error]
            return [result for operation in operations for result in self._commit([operation])]
