"""Apply a plan: save what planning found, record the run, carry out the steps, save the state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from galleryctl.engine.apply.run import ApplyResult, apply, retryable_creates
from galleryctl.engine.apply.uploads import fetch_media_files
from galleryctl.engine.checks import check_guards
from galleryctl.engine.history import StartedRecord, finish_record, start_record
from galleryctl.engine.progress import Progress
from galleryctl.engine.refresh.pending import UnconfirmedCreate
from galleryctl.engine.site import PlanResult, Site, save_state
from galleryctl.engine.staleness import apply_findings
from galleryctl.engine.stop import Stop
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.errors import StateError
from galleryctl.model.media import LocalFile
from galleryctl.model.outcome import Outcome, OutcomeStatus, Report
from galleryctl.model.variable_text import displayed
from galleryctl.plan.identity.moved import AddressMoves
from galleryctl.plan.targets import is_targeted
from galleryctl.state.backend import LockInfo
from galleryctl.state.journal import Journal, earlier_try
from galleryctl.state.journal_records import Intent
from galleryctl.state.state_file import State

_SENT = (OutcomeStatus.DONE, OutcomeStatus.NOT_TAKEN)
"""The statuses of changes whose steps were all done."""


async def apply_plan(
    site: Site, planned: PlanResult, *, owner: LockInfo, stop: Stop, progress: Progress
) -> ApplyResult:
    """Apply the plan, save the state and record the run; `owner` holds the lock.

    The journal is kept until the state is saved. A run that writes nothing to the site is not recorded. The report lists
    the items that the plan holds as well.
    """
    applied = await _apply_changes(site, planned, owner=owner, stop=stop, progress=progress)
    held = tuple(
        Outcome(address=item.address, action="hold", status=OutcomeStatus.HELD, reason=item.why)
        for item in planned.plan.held
    )
    report = replace(applied.report, outcomes=(*applied.report.outcomes, *held))
    return replace(applied, report=report)


async def _apply_changes(
    site: Site, planned: PlanResult, *, owner: LockInfo, stop: Stop, progress: Progress
) -> ApplyResult:
    check_guards(planned.plan)
    unconfirmed = _open_creates(planned)
    findings = apply_findings(planned.fetched.bindings, planned.plan)
    partial_uploads = _needed_uploads(planned)
    state = _save_findings(site, planned, findings, keep_journal=bool(unconfirmed or partial_uploads))
    if not planned.plan.changes:
        plan = planned.plan
        report = Report(
            outcomes=(),
            site_id=displayed(plan.site_id),
            positions=plan.positions,
            state_changes=len(plan.state_changes),
        )
        return ApplyResult(bindings=findings, report=report)
    snapshot = planned.fetched.snapshot
    files = await fetch_media_files(site.client, planned.plan, findings)
    carried = [*partial_uploads] + [
        (earlier_try(f"create {address}", number), intent)
        for address, create in unconfirmed.items()
        for number, intent in enumerate(create.tries, 1)
    ]
    record = start_record(site.backend, planned.plan, snapshot, findings, owner=owner, state=state)
    with Journal.open(site.journal, run=owner.run, state=state, carried=carried) as journal:
        applied = await apply(
            planned.plan,
            snapshot,
            findings,
            before=AddressMoves(addresses=planned.plan.moves).renamed(planned.fetched.bindings),
            files=files,
            unconfirmed=retryable_creates(unconfirmed, planned.plan),
            partial_uploads={intent.source: intent.partial for _, intent in partial_uploads if intent.partial},
            client=site.client,
            journal=journal,
            root=site.root,
            folder=site.folder,
            workers=site.workers,
            stop=stop,
            progress=progress,
        )
    if applied.stopped:
        return replace(applied, state_written=True)
    try:
        return _save_results(site, planned, applied, record, state, unconfirmed)
    except Exception as error:  # noqa: BLE001 - the report has it: something may have been written
        return replace(applied, state_written=True).with_error(error)


def _save_findings(site: Site, planned: PlanResult, findings: Bindings, *, keep_journal: bool) -> State:
    """Save what must be in state before the first write to the site, and return the state."""
    state, bindings = planned.loaded.state, planned.fetched.bindings
    if planned.plan.ids or planned.plan.moves or not planned.plan.changes:
        # All adoptions of a gallery are in state before the first write: from then on it is known. So are new
        # addresses: the journal has no others.
        bindings = findings
    if planned.loaded.interrupted or bindings != state.bindings:
        return save_state(site, state, bindings, keep_journal=keep_journal)
    return state


def _save_results(
    site: Site,
    planned: PlanResult,
    applied: ApplyResult,
    record: StartedRecord,
    state: State,
    unconfirmed: Mapping[Address, UnconfirmedCreate],
) -> ApplyResult:
    """Save the state and complete the record of the run; neither if nothing was written to the site."""
    done = {outcome.address for outcome in applied.report.outcomes if outcome.status in _SENT}
    keep_journal = applied.has_unconfirmed_steps or applied.has_partial_uploads or not unconfirmed.keys() <= done
    if not (applied.report.has_written or keep_journal):
        applied = replace(applied, bindings=state.bindings, state_written=state is not planned.loaded.state)
        try:
            site.journal.clear()  # a saved plan stays valid
            site.backend.remove_record(record.number)
        except StateError as error:
            applied = applied.with_error(error)
        return applied
    try:
        state = save_state(site, state, applied.bindings, keep_journal=keep_journal)
    except StateError as error:
        applied = applied.with_error(error)
    has_unconfirmed = applied.has_unconfirmed_steps
    report = finish_record(site.backend, record, applied.report, state=state, unconfirmed=has_unconfirmed)
    return replace(applied, report=report, state_written=True)


def _needed_uploads(planned: PlanResult) -> list[tuple[str, Intent]]:
    """Return the steps and intents of the uploads that were cut off, and that the plan needs."""
    sources = {c.media.source for c in planned.plan.changes if isinstance(c.media, LocalFile)}
    return [(step, intent) for step, intent in planned.loaded.partial_uploads if intent.source in sources]


def _open_creates(planned: PlanResult) -> Mapping[Address, UnconfirmedCreate]:
    """Return the creates in doubt that the plan sends again, and those that are not its targets.

    Any other was decided: its address has another resource, or is not to be created any more, and reads have settled.
    """
    again, targets = retryable_creates(planned.fetched.unconfirmed, planned.plan), planned.plan.targets
    others = {a: c for a, c in planned.fetched.unconfirmed.items() if not is_targeted(a, targets)}
    return {**again, **others}
