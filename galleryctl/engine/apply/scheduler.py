"""Run steps in the order of their dependencies, with a limited number of workers."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from galleryctl.engine.apply.uploads import failed_for_its_file
from galleryctl.engine.gather import gather_all
from galleryctl.engine.progress import Progress, StepOutcome
from galleryctl.engine.stop import Stop
from galleryctl.model.address import Address
from galleryctl.model.errors import GalleryctlError, StateError, UnexpectedError
from galleryctl.model.outcome import OutcomeStatus
from galleryctl.plan.steps import Step, Upload
from galleryctl.wix.endpoints import UPLOAD_CALLS
from galleryctl.wix.errors import ApiError, AuthError, PermissionDenied, ResponseLost, Throttled, Unavailable

_FATAL_ERRORS = (StateError, AuthError, PermissionDenied, UnexpectedError)
"""Errors after which no other step can succeed: steps that have not started are skipped, with the same reason."""
_OUTAGE_ERRORS = (Unavailable, Throttled, ResponseLost)
"""The errors of a step during an outage of the API, after its retries."""
_MIN_FAILURE_LIMIT = 10
"""Consecutive outage errors after which the remaining steps are skipped: a circuit breaker.

The limit is twice the number of workers if that is more: parallel steps fail together, and a short outage should not
end a long run.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphResult:
    """The outcome of each step, by its id.

    `error` is the exception that nobody expected, if there was one. `stopped` is True if the steps in progress were
    stopped: nobody knows whether they took effect.
    """

    outcomes: Mapping[str, StepOutcome]
    left_out: Mapping[str, Mapping[Address, StepOutcome]]
    """The changes that steps were done without, because something that only these needed had failed, by step id."""
    error: GalleryctlError | None = None
    stopped: bool = False


class _Scheduler:
    """The ready steps, the number of steps that each other one waits for, and the outcomes so far."""

    def __init__(self, steps: Sequence[Step], failure_limit: int) -> None:
        self.ready = deque(step for step in steps if not step.depends_on)
        self.waiting = {step.id: len(step.depends_on) for step in steps}
        self.dependents: defaultdict[str, list[Step]] = defaultdict(list)
        for step in steps:
            for dependency in step.depends_on:
                self.dependents[dependency].append(step)
        self.outcomes: dict[str, StepOutcome] = {}
        self.left_out: defaultdict[str, dict[Address, StepOutcome]] = defaultdict(dict)
        self.started: set[str] = set()
        self.remaining = len(steps)
        self.failure_limit = failure_limit
        self.stop_reason = ""
        self.stop_error: GalleryctlError | None = None
        self.unexpected_error: GalleryctlError | None = None
        self.consecutive_outages = 0
        """Steps that ended with an outage error since the last other response."""

    def stop(self, error: GalleryctlError) -> str:
        """Let no further step start because of `error`; return the reason of the step that failed with it.

        Parallel steps that fail in the same way have one reason: that of the first.
        """
        reason = f"the run stopped: {error}"
        if self.stop_error is None:
            self.stop_error, self.stop_reason = error, self.stop_reason or reason
        same = (self.stop_error.where, self.stop_error.what) == (error.where, error.what)
        return self.stop_reason if same else reason

    @contextmanager
    def observing(self) -> Iterator[None]:
        """Let no further step start if the observer raises an exception: the steps that are done are still saved."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - an observer may raise any; the result has it
            self.unexpected_error = self.unexpected_error or UnexpectedError.of(error)
            self.stop(self.unexpected_error)

    def unfinished(self, step: Step, stop: Stop) -> StepOutcome:
        """Return the outcome of a step that did not end: it was stopped, or never started."""
        if step.id in self.started:
            reason = "stopped before the response; the next apply finds out whether it took effect"
            return StepOutcome(status=OutcomeStatus.FAILED, reason=reason)
        reason = self.stop_reason or stop.reason
        return StepOutcome(status=OutcomeStatus.SKIPPED, reason=reason)

    def finish(self, step: Step, outcome: StepOutcome) -> None:
        """Record the outcome of `step`; steps that waited only for it become ready, or end if they cannot be done."""
        finished = [(step, outcome)]
        while finished:
            step, outcome = finished.pop()
            if step.id in self.outcomes:
                continue
            self.outcomes[step.id] = outcome
            self.remaining -= 1
            for dependent in self.dependents[step.id]:
                following = self._after(dependent, step, outcome)
                if following is not None:
                    finished.append((dependent, following))

    def _after(self, dependent: Step, step: Step, outcome: StepOutcome) -> StepOutcome | None:
        """Return the outcome of a dependent of `step`, which has ended, if that ends it; else count it, maybe as ready."""
        if outcome.status is not OutcomeStatus.DONE:
            failure = _after_failure(dependent, step, outcome, self.stop_reason)
            needed_by = dependent.needed_by.get(step.id)
            if needed_by is None or (dependent.is_delete and not outcome.is_file_fault):
                return failure
            self.left_out[dependent.id] |= dict.fromkeys(needed_by, failure)
        self.waiting[dependent.id] -= 1
        if self.waiting[dependent.id] or dependent.id in self.outcomes:
            return None
        left_out = self.left_out[dependent.id]
        reduced = dependent.without(left_out)
        if reduced is None:
            is_file_fault = all(each.is_file_fault for each in left_out.values())
            reason = "no gallery is created without items, and the uploads of all its items failed"
            return StepOutcome(status=OutcomeStatus.SKIPPED, reason=reason, is_file_fault=is_file_fault)
        self.ready.append(reduced)
        return None


async def run_graph(
    steps: Sequence[Step],
    run: Callable[[Step], Awaitable[None]],
    *,
    workers: int,
    stop: Stop,
    progress: Progress,
) -> GraphResult:
    """Run the steps and return the outcome of each.

    A step starts when its dependencies are done. A step that raises GalleryctlError has failed, and its dependents are
    skipped, or done without the changes that need it. What only waits for a failed upload has failed, too. Once `stop` is set, the circuit breaker opens or `progress` raises an exception, no further step starts. A
    cancellation after `stop` is set ends the steps in progress, whose outcome is then unknown.
    """
    scheduler = _Scheduler(steps, max(_MIN_FAILURE_LIMIT, 2 * workers))
    changed = asyncio.Condition()

    async def work() -> None:
        while (step := await _next_step(scheduler, changed, stop)) is not None:
            scheduler.started.add(step.id)
            with scheduler.observing():
                progress.on_step_start(step)
            outcome = await _run_step(step, run, scheduler)
            with scheduler.observing():
                progress.on_step_end(step, outcome)
            async with changed:
                scheduler.finish(step, outcome)
                changed.notify_all()

    try:
        await gather_all((work() for _ in range(min(workers, len(steps)))), window=workers)
        stopped = False
    except asyncio.CancelledError:
        if not stop.is_set():
            raise
        stopped = True
    outcomes = {step.id: scheduler.outcomes.get(step.id) or scheduler.unfinished(step, stop) for step in steps}
    return GraphResult(
        outcomes=outcomes, left_out=scheduler.left_out, error=scheduler.unexpected_error, stopped=stopped
    )


async def _next_step(scheduler: _Scheduler, condition: asyncio.Condition, stop: Stop) -> Step | None:
    """Wait for the next ready step and return it; None if all are finished or no further step may start."""
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
        if isinstance(error, UnexpectedError):
            scheduler.unexpected_error = scheduler.unexpected_error or error
        if isinstance(error, _FATAL_ERRORS) and not _is_of_an_upload_url(error):
            return StepOutcome(status=OutcomeStatus.FAILED, reason=scheduler.stop(error))
        scheduler.consecutive_outages = scheduler.consecutive_outages + 1 if isinstance(error, _OUTAGE_ERRORS) else 0
        if scheduler.consecutive_outages >= scheduler.failure_limit:
            last = f"the last {scheduler.failure_limit} steps failed; last error: {error}"
            scheduler.stop_reason = scheduler.stop_reason or f"the run stopped: {last}"
        is_file_fault = isinstance(step.action, Upload) and failed_for_its_file(error)
        return StepOutcome(status=OutcomeStatus.FAILED, reason=str(error), is_file_fault=is_file_fault)
    scheduler.consecutive_outages = 0
    return StepOutcome(status=OutcomeStatus.DONE)


def _is_of_an_upload_url(error: GalleryctlError) -> bool:
    """Return True if an upload URL was rejected, which is the credential of one upload only."""
    return isinstance(error, ApiError) and error.call in UPLOAD_CALLS


def _after_failure(dependent: Step, step: Step, outcome: StepOutcome, stop_reason: str) -> StepOutcome:
    """Return the outcome of what needs `step`, which was not done: an item has failed with its upload."""
    # An upload has no change in the plan: no other outcome reports its error.
    is_item = isinstance(step.action, Upload) and outcome.status is OutcomeStatus.FAILED and not dependent.is_delete
    status = OutcomeStatus.FAILED if is_item else OutcomeStatus.SKIPPED
    if outcome.status is OutcomeStatus.SKIPPED or outcome.reason == stop_reason:
        return replace(outcome, status=status)
    return replace(outcome, status=status, reason=f"{step.id} failed: {outcome.reason}")
