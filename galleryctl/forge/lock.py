"""One leg at a time updates a comment: a reaction of the account on it is the lock.

Neither forge updates a comment conditionally, so that a leg which read the comment before another one wrote it would
remove the section of that one, also long after that one has checked it. To add a reaction is atomic, and notifies
nobody: the account has each reaction once. If two were added by a race, the one with the lowest id holds the lock.

A leg that is killed leaves its reaction. The others remove one that is older than any leg may hold it: by the time at which
the forge says it was made, or else by how long they have seen it. Legs that wait only read, because forges limit writes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count

from galleryctl.forge.client import Forge, ForgeMark
from galleryctl.forge.errors import ForgeError, ForgeNotFound
from galleryctl.forge.rest import ForgeTiming
from galleryctl.model.waiting import Waiting, WaitKind

HOLD_SECONDS = 60.0
"""The time in which a leg that holds the lock must be done."""
_ABANDONED_SECONDS = 150.0
"""A reaction that stays for longer than that belongs to a leg that is gone."""
_GIVE_UP_SECONDS = 900.0
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
    began, waits = timing.clock(), count()
    while True:
        mark = await forge.add_mark(pull, comment)
        others = await forge.marks(pull, comment, login)
        if mark is not None and all(mark <= each.id for each in others):
            return mark
        if mark is not None:
            await _release(forge, pull, comment, mark)
            others = [each for each in others if each.id != mark]
        elif not others:
            await _pause(timing, began, next(waits))
        while others := await _without_abandoned(forge, pull, comment, others, seen, timing):
            await _pause(timing, began, next(waits))
            others = await forge.marks(pull, comment, login)


async def _without_abandoned(
    forge: Forge, pull: int, comment: int, marks: Sequence[ForgeMark], seen: dict[int, float], timing: ForgeTiming
) -> Sequence[ForgeMark]:
    """Remove the reactions that killed legs have left, and return the others; `seen` says since when each is known."""
    now = timing.clock()
    held = []
    for mark in marks:
        age = now - seen.setdefault(mark.id, now) if mark.age is None else mark.age
        if age > _ABANDONED_SECONDS:
            await _release(forge, pull, comment, mark.id)
        else:
            held.append(mark)
    return held


async def _pause(timing: ForgeTiming, began: float, number: int) -> None:
    """Wait a second, later up to eight. Raises ForgeError after _GIVE_UP_SECONDS."""
    waited = timing.clock() - began
    if waited > _GIVE_UP_SECONDS:
        raise ForgeError(
            "other jobs kept the comment locked",
            call=f"for {waited:,.0f} seconds",
            do="let one job write the sections of all, as for more than 20 sites",
        )
    seconds = min(_WAIT * 2.0**number, _LONGEST_WAIT) * (0.5 + timing.random() / 2)
    what = "another job, which updates the comment"
    await timing.waits.pause(Waiting(kind=WaitKind.LOCK, what=what, seconds=seconds, at_most=True, before=waited))


async def _release(forge: Forge, pull: int, comment: int, mark: int) -> None:
    try:
        await forge.remove_mark(pull, comment, mark)
    except ForgeNotFound:
        return  # removed by another leg, or with its comment
    except ForgeError:
        return  # the others remove it later
