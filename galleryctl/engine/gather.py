"""Run independent calls at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

_T = TypeVar("_T")

_WINDOW = 100
"""Calls that run at once: as many as there can be requests, and few enough to cancel in a moment."""


async def gather_all(calls: Iterable[Coroutine[Any, Any, _T]], *, window: int = _WINDOW) -> list[_T]:
    """Return the results in the order of the calls, of which `window` run at once.

    A call is taken from `calls` only when it can start. The first failure cancels the others and is raised unwrapped.
    """
    results: dict[int, _T] = {}
    numbered = enumerate(calls)

    async def work() -> None:
        for number, call in numbered:  # the workers share the iterator: each takes the next call
            results[number] = await call

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(window):
                group.create_task(work())
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [results[number] for number in range(len(results))]
