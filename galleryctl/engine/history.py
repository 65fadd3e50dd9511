"""The history of a state: record what an apply changes, and read the records of earlier runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from galleryctl.model.bindings import Bindings
from galleryctl.model.command import command_line
from galleryctl.model.errors import StateError
from galleryctl.model.fields import Json
from galleryctl.model.live import SiteSnapshot
from galleryctl.model.outcome import Report
from galleryctl.plan.changes import Plan
from galleryctl.plan.file.review import review_digest
from galleryctl.plan.history.codec import deserialize_record, deserialize_summary, encode_changes, serialize_record
from galleryctl.plan.history.record import RunHeader, RunRecord, RunSummary, with_outcomes
from galleryctl.plan.history.recording import recorded_changes, recorded_orders
from galleryctl.state.backend import LockInfo, StateBackend
from galleryctl.state.history import record_name
from galleryctl.state.state_file import State


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedRecord:
    """The record of a run that has not ended, and its changes as they are stored."""

    record: RunRecord
    changes: Sequence[Mapping[str, Json]]

    @property
    def number(self) -> int:
        """The number of the run."""
        return self.record.header.number


def start_record(
    backend: StateBackend, plan: Plan, snapshot: SiteSnapshot, bindings: Bindings, *, owner: LockInfo, state: State
) -> StartedRecord:
    """Store the record of a run before its first write, and return it.

    `bindings` are the state with the findings of the plan. Raises StateError.
    """
    header = RunHeader(
        number=max(backend.run_numbers(), default=0) + 1,
        run=owner.run,
        who=owner.who,
        started=owner.since,
        operation=owner.operation,
        lineage=state.lineage,
        serial=state.serial,
        digest=review_digest(plan),
    )
    record = RunRecord(
        header=header,
        site_id=plan.site_id,
        changes=recorded_changes(plan, snapshot, bindings),
        orders=recorded_orders(plan, snapshot, bindings, owner.operation),
        state_changes=plan.state_changes,
    )
    changes = encode_changes(record)
    backend.store_record(header.number, serialize_record(record, changes))
    return StartedRecord(record=record, changes=changes)


def finish_record(
    backend: StateBackend, started: StartedRecord, report: Report, *, state: State, unconfirmed: bool
) -> Report:
    """Complete the record of a run that has ended, remove those of the oldest runs, and return the report.

    `state` is the one with the results, `unconfirmed` is True if a step failed that may have taken effect. The run has
    written to the site, so an error is a warning in the report.
    """
    header = replace(started.record.header, lineage=state.lineage, serial=state.serial)
    ended = with_outcomes(replace(started.record, header=header), report, unconfirmed=unconfirmed)
    try:
        backend.store_record(started.number, serialize_record(ended, started.changes))
    except StateError as error:
        report = _with_warning(report, "the history does not show the result of this run", error)
    try:
        backend.remove_old_records()
    except StateError as error:
        report = _with_warning(report, "the records of the oldest runs are still in the history", error)
    return report


def _with_warning(report: Report, what: str, error: StateError) -> Report:
    return replace(report, warnings=(*report.warnings, f"{what}: {error.what}: {error.why or error.where}"))


def read_record(backend: StateBackend, number: int) -> RunRecord:
    """Return the record of a run. Raises StateError if there is none, or if it cannot be read."""
    numbers = backend.run_numbers()
    if number not in numbers:
        listed = ", ".join(map(str, numbers))
        raise StateError(
            f"the history has no run {number}",
            where=backend.location,
            why=f"the runs are {listed}" if numbers else "no run is recorded",
            do="list the runs: " + command_line("history") if numbers else "",
        )
    where = backend.history_store.location(record_name(number))
    return deserialize_record(backend.load_record(number), number=number, where=where)


def read_summaries(backend: StateBackend) -> Iterator[RunSummary | StateError]:
    """Yield each run, newest first, or the error of one whose record cannot be read."""
    for number in backend.run_numbers():
        where = backend.history_store.location(record_name(number))
        try:
            yield deserialize_summary(backend.load_record(number), number=number, where=where)
        except StateError as error:
            yield error
