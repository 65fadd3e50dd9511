"""One leg at a time updates a comment: a reaction of the account on it is the lock.

Neither forge updates a comment conditionally, so that a leg which read the comment before another one wrote it would
remove the section of that one, also long after that one has checked it. To add a reaction is atomic, and notifies
nobody: the account has each reaction once. If two were added by a race, the one with the lowest id holds the lock.

A leg that is killed leaves its reaction. The others remove one that they have seen for longer than any leg may hold it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from galleryctl.forge.client import Forge
from galleryctl.forge.errors import ForgeError, ForgeNotFound
from galleryctl.forge.rest import ForgeTiming
from galleryctl.model.waiting import Waiting, WaitKind

HOLD_SECONDS = 60.0
"""The time in which a leg that holds the lock must be done."""
_ABANDONED_SECONDS = 150.0
"""A reaction that stays for longer than that belongs to a leg that is gone."""
_WAIT = 1.0
_LONGEST_WAIT = 8.0


class CommentLockLost(Exception):  # noqa: N818 - named for what it says
    """The lock was not released in time, or the comment is gone: start again."""


@asynccontextmanager
async def hold_comment(forge: Forge, pull: int, comment: int, login: str, timing: ForgeTiming) -> AsyncIterator[None]:
    """Hold the lock of a comment. Raises ForgeNotFound if the comment is gone, CommentLockLost after HOLD_SECONDS."""
    mark = await _acquire(forge, pull, comment, login, timing)
    try:
        async with asyncio.timeout(HOLD_SECONDS):
            yield
    except TimeoutError as error:
        raise CommentLockLost from error
    finally:
        await _release(forge, pull, comment, mark)


async def _acquire(forge: Forge, pull: int, comment: int, login: str, timing: ForgeTiming) -> int:
    seen: dict[int, float] = {}
    wait, began = _WAIT, timing.clock()
    while True:
        mark = await forge.add_mark(pull, comment)
        marks = await forge.marks(pull, comment, login)
        if mark is not None and (not marks or mark == min(marks)):
            return mark
        if mark is not None:
            await _release(forge, pull, comment, mark)
        now = timing.clock()
        seen = {each: seen.get(each, now) for each in marks if each != mark}
        for each in (each for each, since in seen.items() if now - since > _ABANDONED_SECONDS):
            await _release(forge, pull, comment, each)
        what, seconds = "another job, which updates the comment", wait * (0.5 + timing.random() / 2)
        await timing.waits.pause(
            Waiting(kind=WaitKind.LOCK, what=what, seconds=seconds, at_most=True, before=now - began)
        )
        wait = min(wait * 2, _LONGEST_WAIT)


async def _release(forge: Forge, pull: int, comment: int, mark: int) -> None:
    try:
        await forge.remove_mark(pull, comment, mark)
    except ForgeNotFound:
        return  # removed by another leg, or with its comment
    except ForgeError:
        return  # the others remove it later
