"""Apply a plan and report the outcome of each change."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from galleryctl.engine.apply.answers import AppliedValues
from galleryctl.engine.apply.execute import StepExecutor
from galleryctl.engine.apply.scheduler import GraphResult, run_graph
from galleryctl.engine.apply.working_state import WorkingState
from galleryctl.engine.progress import Progress, StepOutcome
from galleryctl.engine.refresh.pending import UnconfirmedCreate
from galleryctl.engine.stop import Stop
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.errors import GalleryctlError, UnexpectedError
from galleryctl.model.fields import manifest_name
from galleryctl.model.live import SiteSnapshot
from galleryctl.model.media import Kind, LocalFile, MediaFile, RemoteFile
from galleryctl.model.outcome import Outcome, OutcomeStatus, Report
from galleryctl.model.partial_upload import PartialUpload
from galleryctl.model.variable_text import displayed
from galleryctl.plan.changes import Action, Change, Plan
from galleryctl.plan.steps import Step, Upload, plan_steps
from galleryctl.state.journal import Journal
from galleryctl.wix.client import WixClient


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyResult:
    """The bindings to save, and the report."""

    bindings: Bindings
    report: Report
    has_unconfirmed_steps: bool = False
    """True if a step may have taken effect although its response was lost: the journal must be kept."""
    has_partial_uploads: bool = False
    """True if an upload was begun and can be continued by the next run: the journal must be kept."""
    state_written: bool = False
    """True if the state was written, so that a plan made before is stale."""
    stopped: bool = False
    """True if the steps in progress were stopped: nothing more is written, the journal has the rest."""
    errors: tuple[GalleryctlError, ...] = ()
    """The errors of the run itself, not of a step: an exception that nobody expected, a state that cannot be saved."""

    @property
    def exit_code(self) -> int:
        """The report's exit code, but 3 for a run with errors that has written and was not interrupted, and never 0."""
        code = self.report.exit_code
        if self.errors and code in (0, 1):
            return 3 if self.report.has_written else 1
        return code

    def with_error(self, error: Exception) -> ApplyResult:
        """Return the result with one more error."""
        return replace(self, errors=(*self.errors, UnexpectedError.of(error)))


async def apply(
    plan: Plan,
    snapshot: SiteSnapshot,
    bindings: Bindings,
    *,
    before: Bindings,
    files: Mapping[str, MediaFile],
    unconfirmed: Mapping[Address, UnconfirmedCreate],
    partial_uploads: Mapping[str, PartialUpload],
    client: WixClient,
    journal: Journal,
    root: Path,
    folder: str,
    workers: int,
    stop: Stop,
    progress: Progress,
) -> ApplyResult:
    """Apply the plan and return the outcome of each change, and the bindings to save.

    `snapshot` is the current site; `bindings` is the state with the findings of the plan, `before` without them, under
    the same addresses; `files` are the usable files of the Media Manager that the plan shows, by id; `unconfirmed` are the
    creates that an earlier run may have sent, `partial_uploads` the uploads that it began, by source; `root` is the workspace, `folder` the target of uploads in the Media Manager, `workers` the number of parallel steps. Once `stop`
    is set, no further step starts. A failed step is reported, not raised.
    """
    started = time.monotonic()
    needed = {name for c in plan.changes if isinstance(c.media, LocalFile | RemoteFile) for name in c.media.sources}
    # A file that no longer exists is uploaded again.
    media = {source: id_ for source, id_ in bindings.media.items() if id_ in files or source not in needed}
    bindings = replace(bindings, media=media)
    state = WorkingState(snapshot, bindings, before=before, files=files)
    executor = StepExecutor(
        client=client,
        journal=journal,
        state=state,
        root=root,
        folder=folder,
        created_orders=_created_orders(plan, unconfirmed),
        unconfirmed=unconfirmed,
        partial_uploads=dict(partial_uploads),
    )
    steps = plan_steps(replace(plan, media=media))
    progress.on_plan(steps)
    graph = await run_graph(steps, executor.run, workers=workers, stop=stop, progress=progress)
    try:
        bindings = state.updated_state()
        done = [step for step in steps if graph.outcomes[step.id].status is OutcomeStatus.DONE]
        report = Report(
            outcomes=tuple(_outcomes(plan.changes, steps, graph, bindings, executor.deviations)),
            site_id=displayed(plan.site_id),
            positions=plan.positions,
            requests=client.request_counts,
            state_changes=len(plan.state_changes),
            uploaded=sum(isinstance(step.action, Upload) for step in done),
            seconds=time.monotonic() - started,
            interrupted=stop.is_set() and not stop.deadline_passed and len(done) < len(steps),
            has_written=executor.has_written or graph.stopped,
        )
    except Exception as error:  # after writes, no bug may look as if nothing had been written
        raise UnexpectedError.of(error, has_written=executor.has_written) from error
    return ApplyResult(
        bindings=bindings,
        report=report,
        has_unconfirmed_steps=executor.has_unconfirmed_steps or graph.stopped,
        has_partial_uploads=bool(executor.partial_uploads),
        stopped=graph.stopped,
        errors=() if graph.error is None else (graph.error,),
    )


def retryable_creates(
    unconfirmed: Mapping[Address, UnconfirmedCreate], plan: Plan
) -> Mapping[Address, UnconfirmedCreate]:
    """Return the unconfirmed creates that the plan sends again."""
    creates = {c.address for c in plan.changes if c.action in (Action.CREATE, Action.REPLACE)}
    return {address: create for address, create in unconfirmed.items() if address in creates}


def _created_orders(plan: Plan, unconfirmed: Mapping[Address, UnconfirmedCreate]) -> Mapping[Address, frozenset[float]]:
    """Return the sort orders of all items that the run creates, by gallery: they may appear in any read."""
    orders: defaultdict[Address, set[float]] = defaultdict(set)
    for change in plan.changes:
        if change.action in (Action.CREATE, Action.REPLACE) and change.sort_order is not None:
            orders[change.address.parent].add(change.sort_order)
            if sent := unconfirmed.get(change.address):
                orders[change.address.parent].add(sent.sort_order)
    return {gallery: frozenset(values) for gallery, values in orders.items()}


def _outcomes(
    changes: Sequence[Change],
    steps: Sequence[Step],
    graph: GraphResult,
    bindings: Bindings,
    deviations: Mapping[Address, AppliedValues],
) -> Iterator[Outcome]:
    """Yield the outcome of each change: failed if one of its steps failed, else skipped if one was, else done.

    A change that was done, but of which the site did not take a value, is not taken.
    """
    by_address: dict[tuple[Address, str | None], list[StepOutcome]] = {}
    for step in steps:
        for change in step.changes:
            by_address.setdefault((change.address, change.id), []).append(
                graph.left_out.get(step.id, {}).get(change.address) or graph.outcomes[step.id]
            )
    for change in changes:
        ends = by_address[change.address, change.id]
        worst = max(ends, key=_severity)
        outcome = Outcome(
            address=change.address,
            action=change.action.value,
            status=worst.status,
            id=bindings.ids.get(change.address, change.id),
            reason=_reason(change, ends, worst),
        )
        deviation = None if change.action is Action.DELETE else deviations.get(change.address)
        yield outcome if deviation is None else _with_deviation(outcome, deviation, change.kind)


def _reason(change: Change, ends: Sequence[StepOutcome], worst: StepOutcome) -> str:
    """Return the reason of an outcome; a replacement may be half done."""
    statuses = {end.status for end in ends}
    if change.action is not Action.REPLACE or OutcomeStatus.DONE not in statuses or len(statuses) == 1:
        return worst.reason
    return f"the new item was created, but the old one may still be there; the next apply deletes it: {worst.reason}"


def _with_deviation(outcome: Outcome, applied: AppliedValues, kind: Kind | None) -> Outcome:
    """Return the outcome of a change whose answer differs from what was sent."""
    other_form, not_taken = (
        ", ".join(manifest_name(path, kind) for path in paths) for paths in (applied.other_form, applied.not_taken)
    )
    note = f"stored by the site in another form: {other_form}" if other_form else ""
    if not applied.not_taken or outcome.status is not OutcomeStatus.DONE:
        return replace(outcome, note=note)
    reason = f"the site did not take {not_taken}: the previous values are still there"
    return replace(outcome, status=OutcomeStatus.NOT_TAKEN, reason=reason, note=note)


def _severity(outcome: StepOutcome) -> int:
    return (OutcomeStatus.DONE, OutcomeStatus.SKIPPED, OutcomeStatus.FAILED).index(outcome.status)
