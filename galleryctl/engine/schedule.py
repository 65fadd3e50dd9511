"""Run steps in the order of their dependencies, as many at once as there are workers."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from galleryctl.engine.progress import Progress, StepEnd
from galleryctl.engine.together import together
from galleryctl.model.errors import GalleryctlError, StateError
from galleryctl.model.outcome import OutcomeStatus
from galleryctl.plan.order import Step
from galleryctl.wix.errors import AnswerLost, AuthError, PermissionDenied, Throttled, Unavailable

FATAL = (StateError, AuthError, PermissionDenied)
"""After these no other step can go well: what has not begun is skipped, with the same reason."""
OUTAGE = (Unavailable, Throttled, AnswerLost)
"""How a step fails while the API does, after all its tries."""
MOST_IN_A_ROW = 10
"""How many steps may end so, one after the other, before the rest is skipped, which would fare no better.

Or twice as many as run at once, if that is more: those fail together, and a short outage is to end no long run.
"""


@dataclass(slots=True)
class _Board:
    """Which steps are ready, which wait for how many others, and how those that are over ended."""

    ready: deque[Step]
    waiting: dict[str, int]
    dependents: dict[str, list[Step]]
    ends: dict[str, StepEnd]
    left: int
    most_in_a_row: int
    stopped: str = ""
    in_a_row: int = 0
    """How many steps ended with an OUTAGE since the API last answered one."""

    def end(self, step: Step, end: StepEnd) -> None:
        """Note the end of `step`; what waited only for it is ready, or skipped when it was not done."""
        over = [(step, end)]
        while over:
            step, end = over.pop()
            if step.id in self.ends:
                continue
            self.ends[step.id] = end
            self.left -= 1
            for dependent in self.dependents.get(step.id, ()):
                if end.status is not OutcomeStatus.DONE:
                    over.append((dependent, _skipped_after(step, end, self.stopped)))
                    continue
                self.waiting[dependent.id] -= 1
                if not self.waiting[dependent.id] and dependent.id not in self.ends:
                    self.ready.append(dependent)


async def walk(
    steps: Sequence[Step],
    run: Callable[[Step], Awaitable[None]],
    *,
    workers: int,
    stop: asyncio.Event,
    progress: Progress,
) -> Mapping[str, StepEnd]:
    """How each step ended, by its id.

    A step begins when all that it waits for are done. One that raises a GalleryctlError has failed, and what waits for
    it is skipped; once `stop` is set, or the API fails for all, nothing new begins. Any other exception is a bug: it
    cancels the rest.
    """
    board = _board(steps, max(MOST_IN_A_ROW, 2 * workers))
    changed = asyncio.Condition()

    async def work() -> None:
        while (step := await _next(board, changed, stop)) is not None:
            progress.begun(step)
            end = await _run(step, run, board)
            progress.ended(step, end)
            async with changed:
                board.end(step, end)
                changed.notify_all()

    await together(work() for _ in range(min(workers, len(steps)) or 1))
    unbegun = StepEnd(status=OutcomeStatus.SKIPPED, reason=board.stopped or "interrupted before it began")
    return {step.id: board.ends.get(step.id, unbegun) for step in steps}


async def _next(board: _Board, changed: asyncio.Condition, stop: asyncio.Event) -> Step | None:
    """The next ready step; None when all are over or nothing new may begin."""
    async with changed:
        while board.left and not (stop.is_set() or board.stopped):
            if board.ready:
                return board.ready.popleft()
            await changed.wait()
        return None


async def _run(step: Step, run: Callable[[Step], Awaitable[None]], board: _Board) -> StepEnd:
    try:
        await run(step)
    except GalleryctlError as error:
        if isinstance(error, FATAL):
            board.stopped = board.stopped or f"the run stopped: {error}"
            return StepEnd(status=OutcomeStatus.FAILED, reason=board.stopped)
        board.in_a_row = board.in_a_row + 1 if isinstance(error, OUTAGE) else 0
        if board.in_a_row >= board.most_in_a_row:
            last = f"the last {board.most_in_a_row} steps failed, the latest so: {error}"
            board.stopped = board.stopped or f"the run stopped: {last}"
        return StepEnd(status=OutcomeStatus.FAILED, reason=str(error))
    board.in_a_row = 0
    return StepEnd(status=OutcomeStatus.DONE)


def _skipped_after(step: Step, end: StepEnd, stopped: str) -> StepEnd:
    if end.status is OutcomeStatus.SKIPPED or end.reason == stopped:
        return replace(end, status=OutcomeStatus.SKIPPED)
    # An upload is no resource of the plan: what went wrong with it is told nowhere else.
    return StepEnd(status=OutcomeStatus.SKIPPED, reason=f"{step.id} failed: {end.reason}")


def _board(steps: Sequence[Step], most_in_a_row: int) -> _Board:
    dependents: dict[str, list[Step]] = {}
    for step in steps:
        for before in step.depends_on:
            dependents.setdefault(before, []).append(step)
    return _Board(
        ready=deque(step for step in steps if not step.depends_on),
        waiting={step.id: len(step.depends_on) for step in steps},
        dependents=dependents,
        ends={},
        most_in_a_row=most_in_a_row,
        left=len(steps),
    )
