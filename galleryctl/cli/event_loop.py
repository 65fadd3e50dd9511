"""Asynchronous work from a command. asyncio is imported when there is some: `--help` has none."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


def run_async(work: Coroutine[Any, Any, _T]) -> _T:
    """What the work returns at its end."""
    import asyncio

    return asyncio.run(work)
