"""Run asynchronous code from a command; asyncio is imported only then, which keeps `--help` fast."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


def run_async(work: Coroutine[Any, Any, _T], *, deadline: float | None = None) -> _T:
    """Run the coroutine in a new event loop and return its result.

    Raises DeadlineExceeded if it is not finished within `deadline` seconds: for work that changes nothing on the site.
    """
    import asyncio

    from galleryctl.cli.deadline import Deadline

    async def limited() -> _T:
        with Deadline(deadline).cancel_run():
            return await work

    return asyncio.run(limited())
