"""The history as text and JSON: the runs, or one run with all that it changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from galleryctl.model.address import Address
from galleryctl.model.outcome import OutcomeStatus
from galleryctl.plan.changes import Action, Change, FieldChange, Plan
from galleryctl.plan.file.media import encode_media
from galleryctl.plan.history.record import (
    UNKNOWN_STATUS,
    FormerResource,
    RecordedChange,
    RunRecord,
    RunResult,
    RunSummary,
)
from galleryctl.report import view
from galleryctl.report.formatting import escape_control, escaped_lines
from galleryctl.report.json import dump_safe_json
from galleryctl.report.text import StyledText, group_rows, render_rows, render_table, truncate_rows, wrap_paragraph

_SYMBOLS = {action: symbol for action, symbol in view.ACTION_SYMBOLS.items() if action is not view.DisplayAction.MOVE}


def history_text(runs: Sequence[RunSummary], *, color: bool, width: int) -> str:
    """Return a table of the runs."""
    rows = [
        (
            f"{run.header.number}",
            escape_control(run.header.started),
            escape_control(run.header.who),
            escape_control(run.header.operation),
            run.header.result.value,
            _counts(run),
        )
        for run in runs
    ]
    head = ("#", "started", "who", "operation", "result", "changes")
    return render_table("Runs", head, rows, color=color, width=width)


def _counts(run: RunSummary) -> str:
    """Return the number of changes of each kind, with the symbols of plans: `+1 ~50 -2`."""
    counts = ((run.counts[Action(action.value)], symbol) for action, symbol in _SYMBOLS.items())
    return " ".join(f"{symbol}{number:,}" for number, symbol in counts if number) or "none"


def record_text(record: RunRecord, *, color: bool, width: int, verbose: bool = False) -> str:
    """Return what a run changed, with the values before and after; `verbose` shows every change."""
    title = f"Run {record.header.number}: {record.header.operation} by {record.header.who}, started {record.header.started}, run id {record.header.run}"
    rows: list[list[StyledText]] = [[(escape_control(title), "bold")], []]
    plan = _shown_plan(record)
    for group in view.group_changes(plan.changes, drift=False, limit=max((width - 24) // 2, 16)):
        rows += [*truncate_rows(group_rows(group, width, verbose=verbose), width), []]
    if plan.state_changes:
        rows.append([("In state only", "bold")])
        for address, text in view.state_change_lines(plan):
            rows += wrap_paragraph(f"{address}: {text}", width)
        rows.append([])
    rows += _undone_rows(record, width)
    rows.append([(f"Result: {record.header.result.value} ({_counts(record.summary)}).", "bold")])
    return render_rows(rows, color=color)


def _shown_plan(record: RunRecord) -> Plan:
    """Return a plan with the changes of the run, also with what deleted and replaced items showed."""
    changes = tuple(shown for each in record.changes for shown in (_with_former_fields(each), *_deleted_items(each)))
    return Plan(site_id=record.site_id, changes=changes, state_changes=record.state_changes)


def _with_former_fields(recorded: RecordedChange) -> Change:
    change = recorded.change
    if change.action not in (Action.DELETE, Action.REPLACE) or not recorded.former:
        return change
    after = {part.path: part for part in change.fields}
    lost = [part for part in _lost_fields(recorded.former[0]) if part.path not in after]
    return replace(change, fields=(*lost, *change.fields))


def _deleted_items(recorded: RecordedChange) -> Iterator[Change]:
    """Yield a delete for each item of a deleted gallery."""
    if recorded.change.action is Action.DELETE and recorded.change.address.item is None:
        for former in recorded.former[1:]:
            yield Change(
                address=Address(recorded.change.address.gallery, former.key or former.id),
                action=Action.DELETE,
                kind=former.kind,
                id=former.id,
                name=str(former.fields.get("title") or ""),
                fields=tuple(_lost_fields(former)),
            )


def _lost_fields(former: FormerResource) -> Iterator[FieldChange]:
    return (FieldChange(path=name, before=value, after=None) for name, value in former.fields.items())


def _undone_rows(record: RunRecord, width: int) -> Iterator[list[StyledText]]:
    """Yield the changes that were not done, or of which that is unknown."""
    if record.header.result is RunResult.UNKNOWN:
        why = "The run did not report its end: it was killed, or it is still running. Some changes may not be made."
        yield from wrap_paragraph(why, width, indent=0)
        return
    undone = [each for each in record.changes if each.status != OutcomeStatus.DONE]
    if undone:
        yield [("Not done", "bold")]
        for each in undone:
            why = "; ".join(escaped_lines(each.why))
            yield from wrap_paragraph(f"{each.change.address}: {_status(each)}{f': {why}' if why else ''}", width)
        yield []


def _status(recorded: RecordedChange) -> str:
    return "failed, and may be done" if recorded.status == UNKNOWN_STATUS else recorded.status


def history_json(runs: Sequence[RunSummary]) -> str:
    """Return the document of the runs that `history.schema.json` describes."""
    return dump_safe_json({"kind": "history", "format_version": 1, "runs": list(map(_summary, runs))})


def record_json(record: RunRecord) -> str:
    """Return the document of one run that `history.schema.json` describes."""
    return dump_safe_json(
        {
            "kind": "run",
            "format_version": 1,
            **_summary(record.summary),
            "changes": [_change_document(each) for each in record.changes],
            "state_changes": [
                {"address": str(change.address), "action": change.action.value, "detail": change.detail}
                for change in record.state_changes
            ],
        }
    )


def _summary(run: RunSummary) -> dict[str, Any]:
    return {
        "number": run.header.number,
        "run": run.header.run,
        "started": run.header.started,
        "who": run.header.who,
        "operation": run.header.operation,
        "result": run.header.result.value,
        "review_digest": run.header.digest,
        "lineage": run.header.lineage,
        "serial": run.header.serial,
        "counts": {action.value: run.counts[action] for action in Action if action is not Action.NO_OP},
    }


def _change_document(recorded: RecordedChange) -> dict[str, Any]:
    change = recorded.change
    media, position = change.media, change.position
    return {
        "address": str(change.address),
        "action": change.action.value,
        "kind": change.kind and change.kind.value,
        "id": change.id,
        "new_id": recorded.new_id,
        "name": change.name,
        "status": recorded.status,
        "why": recorded.why,
        "cause": change.cause.value,
        "fields": [
            {"path": part.path, "before": part.before, "after": part.after, "cause": part.cause.value}
            for part in change.fields
        ],
        "media": media
        and {"before": change.media_before, "after": encode_media(media), "cause": change.media_cause.value},
        "position": position and {"before": position[0], "after": position[1], "cause": change.position_cause.value},
        "former": [_former_document(former) for former in recorded.former],
    }


def _former_document(former: FormerResource) -> dict[str, Any]:
    return {
        "id": former.id,
        "key": former.key or None,
        "kind": former.kind and former.kind.value,
        "media": encode_media(former.media),
        "fields": former.fields,
    }
