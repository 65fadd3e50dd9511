"""Run steps in the order of their dependencies, as many at once as there are workers."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from galleryctl.engine.gather import gather_all
from galleryctl.engine.progress import Progress, StepOutcome
from galleryctl.model.errors import GalleryctlError, StateError
from galleryctl.model.outcome import OutcomeStatus
from galleryctl.plan.steps import Step
from galleryctl.wix.errors import AuthError, PermissionDenied, ResponseLost, Throttled, Unavailable

_FATAL_ERRORS = (StateError, AuthError, PermissionDenied)
"""After these no other step can go well: what has not begun is skipped, with the same reason."""
_OUTAGE_ERRORS = (Unavailable, Throttled, ResponseLost)
"""How a step fails while the API does, after all its tries."""
_MIN_FAILURE_LIMIT = 10
"""How many steps may end so, one after the other, before the rest is skipped, which would fare no better.

Or twice as many as run at once, if that is more: those fail together, and a short outage is to end no long run.
"""


@dataclass(slots=True)
class _Scheduler:
    """Which steps are ready, which wait for how many others, and how those that are over ended."""

    ready: deque[Step]
    waiting: dict[str, int]
    dependents: dict[str, list[Step]]
    outcomes: dict[str, StepOutcome]
    remaining: int
    failure_limit: int
    stop_reason: str = ""
    consecutive_outages: int = 0
    """How many steps ended with an OUTAGE since the API last answered one."""

    def finish(self, step: Step, outcome: StepOutcome) -> None:
        """Note the end of `step`; what waited only for it is ready, or skipped when it was not done."""
        over = [(step, outcome)]
        while over:
            step, outcome = over.pop()
            if step.id in self.outcomes:
                continue
            self.outcomes[step.id] = outcome
            self.remaining -= 1
            for dependent in self.dependents.get(step.id, ()):
                if outcome.status is not OutcomeStatus.DONE:
                    over.append((dependent, _skipped_after(step, outcome, self.stop_reason)))
                    continue
                self.waiting[dependent.id] -= 1
                if not self.waiting[dependent.id] and dependent.id not in self.outcomes:
                    self.ready.append(dependent)


async def run_graph(
    steps: Sequence[Step],
    run: Callable[[Step], Awaitable[None]],
    *,
    workers: int,
    stop: asyncio.Event,
    progress: Progress,
) -> Mapping[str, StepOutcome]:
    """How each step ended, by its id.

    A step begins when all that it waits for are done. One that raises a GalleryctlError has failed, and what waits for
    it is skipped; once `stop` is set, or the API fails for all, nothing new begins. Any other exception is a bug: it
    cancels the rest.
    """
    board = _create_scheduler(steps, max(_MIN_FAILURE_LIMIT, 2 * workers))
    changed = asyncio.Condition()

    async def work() -> None:
        while (step := await _next_step(board, changed, stop)) is not None:
            progress.on_step_start(step)
            end = await _run_step(step, run, board)
            progress.on_step_end(step, end)
            async with changed:
                board.finish(step, end)
                changed.notify_all()

    await gather_all(work() for _ in range(min(workers, len(steps)) or 1))
    unbegun = StepOutcome(status=OutcomeStatus.SKIPPED, reason=board.stop_reason or "interrupted before it began")
    return {step.id: board.outcomes.get(step.id, unbegun) for step in steps}


async def _next_step(scheduler: _Scheduler, condition: asyncio.Condition, stop: asyncio.Event) -> Step | None:
    """The next ready step; None when all are over or nothing new may begin."""
    async with condition:
        while scheduler.remaining and not (stop.is_set() or scheduler.stop_reason):
            if scheduler.ready:
                return scheduler.ready.popleft()
            await condition.wait()
        return None


async def _run_step(step: Step, run: Callable[[Step], Awaitable[None]], scheduler: _Scheduler) -> StepOutcome:
    try:
        await run(step)
    except GalleryctlError as error:
        if isinstance(error, _FATAL_ERRORS):
            scheduler.stop_reason = scheduler.stop_reason or f"the run stopped: {error}"
            return StepOutcome(status=OutcomeStatus.FAILED, reason=scheduler.stop_reason)
        scheduler.consecutive_outages = scheduler.consecutive_outages + 1 if isinstance(error, _OUTAGE_ERRORS) else 0
        if scheduler.consecutive_outages >= scheduler.failure_limit:
            last = f"the last {scheduler.failure_limit} steps failed, the latest so: {error}"
            scheduler.stop_reason = scheduler.stop_reason or f"the run stopped: {last}"
        return StepOutcome(status=OutcomeStatus.FAILED, reason=str(error))
    scheduler.consecutive_outages = 0
    return StepOutcome(status=OutcomeStatus.DONE)


def _skipped_after(step: Step, outcome: StepOutcome, stop_reason: str) -> StepOutcome:
    if outcome.status is OutcomeStatus.SKIPPED or outcome.reason == stop_reason:
        return replace(outcome, status=OutcomeStatus.SKIPPED)
    # An upload is no resource of the plan: what went wrong with it is told nowhere else.
    return StepOutcome(status=OutcomeStatus.SKIPPED, reason=f"{step.id} failed: {outcome.reason}")


def _create_scheduler(steps: Sequence[Step], failure_limit: int) -> _Scheduler:
    dependents: dict[str, list[Step]] = {}
    for step in steps:
        for before in step.depends_on:
            dependents.setdefault(before, []).append(step)
    return _Scheduler(
        ready=deque(step for step in steps if not step.depends_on),
        waiting={step.id: len(step.depends_on) for step in steps},
        dependents=dependents,
        outcomes={},
        failure_limit=failure_limit,
        remaining=len(steps),
    )
