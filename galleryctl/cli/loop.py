"""Asynchronous work from a command. asyncio is imported when there is some: `--help` has none."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def complete(work: Coroutine[Any, Any, T]) -> T:
    """What the work returns at its end."""
    import asyncio

    return asyncio.run(work)
