"""Run asynchronous code from a command; asyncio is imported only then, which keeps `--help` fast."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


def run_async(work: Coroutine[Any, Any, _T]) -> _T:
    """Run the coroutine in a new event loop and return its result."""
    import asyncio

    return asyncio.run(work)
