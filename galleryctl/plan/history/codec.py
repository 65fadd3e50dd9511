"""The record of a run as a JSON document, which is stored beside the state.

A run can have tens of thousands of changes, so members that have their usual value are left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from galleryctl.model import json_document as doc
from galleryctl.model.command import command_line
from galleryctl.model.errors import StateError
from galleryctl.model.fields import FIELD_BY_NAME, Json
from galleryctl.model.media import HostedVideo, Kind, Media, WixFile
from galleryctl.model.outcome import OutcomeStatus
from galleryctl.model.variable_text import displayed
from galleryctl.plan.changes import Action, Cause, Change, FieldChange, MatchedBy, StateAction, StateChange
from galleryctl.plan.file.media import encode_media, read_media
from galleryctl.plan.file.texts import encode_value, read_value
from galleryctl.plan.history.record import (
    UNKNOWN_STATUS,
    FormerResource,
    RecordedChange,
    RecordedOrder,
    RunHeader,
    RunRecord,
    RunResult,
    RunSummary,
    may_be_done,
)
from galleryctl.plan.leaves import field_of

_Run = TypeVar("_Run", RunRecord, RunSummary)
_FORMAT_VERSION = 1
_DAMAGED_ADVICE = "it cannot be repaired; delete it; the other runs: " + command_line("history")


def serialize_record(record: RunRecord, changes: Sequence[Mapping[str, Json]] | None = None) -> bytes:
    """Return the bytes to store for the record of a run; `changes` are its encoded changes, if they are known."""
    encoded = encode_changes(record) if changes is None else changes
    return json.dumps(_encode(record, encoded), separators=(",", ":")).encode() + b"\n"


def encode_changes(record: RunRecord) -> Sequence[Mapping[str, Json]]:
    """Return the changes of a run without their outcomes, which are known when it ends."""
    return [
        {
            "change": _encode_change(each.change),
            **_given({"former": [_encode_former(former) for former in each.former]}),
        }
        for each in record.changes
    ]


def deserialize_record(content: bytes, *, number: int, where: object) -> RunRecord:
    """Return the stored record of the run with this number. Raise StateError if it is not one."""
    return _deserialize(_read_document, content, number, where)


def deserialize_summary(content: bytes, *, number: int, where: object) -> RunSummary:
    """Return the summary of a stored record, without checking its changes. Raise StateError if it is not one."""
    return _deserialize(_read_summary_document, content, number, where)


def _deserialize(read: doc.Reader[_Run], content: bytes, number: int, where: object) -> _Run:
    try:
        run = read(doc.parse_json(content))
        if run.header.number != number:
            raise doc.InvalidDocumentError(f"is that of run {run.header.number}")
    except ValueError as error:
        what = f"the record of run {number} cannot be read"
        raise StateError(what, where=where, why=str(error), do=_DAMAGED_ADVICE) from error
    return run


def _encode(record: RunRecord, changes: Sequence[Mapping[str, Json]]) -> Json:
    header = record.header
    return {
        "history": _FORMAT_VERSION,
        "number": header.number,
        "run": header.run,
        "who": header.who,
        "started": header.started,
        "operation": header.operation,
        "site_id": record.site_id,
        "lineage": header.lineage,
        "serial": header.serial,
        "digest": header.digest,
        "result": header.result.value,
        "changes": [{**change, **_encode_outcome(each)} for change, each in zip(changes, record.changes, strict=True)],
        "orders": {
            id_: {"before": order.before, "keys": order.keys, "after": order.after}
            for id_, order in record.orders.items()
        },
        "state_changes": [
            {"address": str(change.address), "action": change.action.value, "detail": change.detail}
            for change in record.state_changes
        ],
    }


def _encode_outcome(recorded: RecordedChange) -> Mapping[str, Json]:
    members = {
        "status": "" if recorded.status == UNKNOWN_STATUS else recorded.status,
        "why": recorded.why,
        "new_id": recorded.new_id,
    }
    return _given(members)


def _encode_change(change: Change) -> Json:
    members = {
        "kind": change.kind and change.kind.value,
        "id": change.id,
        "name": displayed(change.name),
        "write": encode_value(change.write),
        "fields": [_encode_field(part) for part in change.fields],
        "media": encode_media(change.media),
        "media_before": change.media_before,
        "position": change.position,
        "cause": _unless_manifest(change.cause),
        "media_cause": _unless_manifest(change.media_cause),
        "position_cause": _unless_manifest(change.position_cause),
        "changed_at": change.changed_at,
        "deleted_items": change.deleted_items,
        "matched_by": "" if change.matched_by is MatchedBy.NONE else change.matched_by.value,
        "reason": change.reason,
    }
    return {"address": str(change.address), "action": change.action.value, **_given(members)}


def _encode_field(part: FieldChange) -> Json:
    members = {"path": part.path, "before": encode_value(part.before), "after": encode_value(part.after)}
    return {**members, **_given({"cause": _unless_manifest(part.cause)})}


def _encode_former(former: FormerResource) -> Json:
    members = {
        "key": former.key,
        "kind": former.kind and former.kind.value,
        "media": encode_media(former.media),
        "fields": former.fields,
        "source": former.source,
        "sent": former.sent,
    }
    return {"id": former.id, **_given(members)}


def _given(members: Mapping[str, Json]) -> dict[str, Json]:
    """Return the members that have another value than none, "", 0 or an empty collection."""
    return {name: value for name, value in members.items() if value}


def _unless_manifest(cause: Cause) -> str:
    return "" if cause is Cause.MANIFEST else cause.value


def _read_position(value: Json) -> tuple[int, int]:
    match doc.array(doc.integer)(value):
        case (before, after):
            return before, after
    raise doc.InvalidDocumentError("is not a pair of positions")


def _read_former_media(value: Json) -> Media:
    media = read_media(value)
    if isinstance(media, WixFile | HostedVideo):
        return media
    raise doc.InvalidDocumentError("is not the media of a live item")


def _read_path(value: Json) -> str:
    path = doc.string(value)
    if field_of(path) not in FIELD_BY_NAME:
        raise doc.InvalidDocumentError("is not the path of a field")
    return path


def _read_counts(value: Json) -> Mapping[Action, int]:
    """Return the number of resources by action; the other members of the changes are not checked."""
    counts = dict.fromkeys(Action, 0)
    for action, number in filter(None, doc.array(_read_count)(value)):
        counts[action] += number
    return counts


def _read_count(value: Json) -> tuple[Action, int] | None:
    recorded = value if isinstance(value, Mapping) else {}
    change = recorded.get("change")
    if not isinstance(change, Mapping):
        raise doc.InvalidDocumentError("is not a change")
    done = may_be_done(doc.string(recorded.get("status", "")))
    return (_read_action(change.get("action")), 1 + doc.integer(change.get("deleted_items", 0))) if done else None


def _read_summary(members: Json) -> RunSummary:
    header, others = _split(members)
    return RunSummary(header=_read_header(header), counts=_read_counts(others.get("changes")))


def _read_record(members: Json) -> RunRecord:
    header, others = _split(members)
    return doc.record(partial(RunRecord, header=_read_header(header)), **_RECORD_MEMBERS)(others)


def _split(members: Json) -> tuple[dict[str, Json], dict[str, Json]]:
    """Return the members of the header of a run, and its others."""
    parts = members if isinstance(members, Mapping) else {}
    header = {name: part for name, part in parts.items() if name in _HEADER_MEMBERS}
    return header, {name: part for name, part in parts.items() if name not in header}


_read_action = doc.one_of(Action)
_read_cause = doc.one_of(Cause)
_read_kind = doc.one_of(Kind)
_read_name = doc.one_of(FIELD_BY_NAME)
_read_fields = doc.mapping(_read_name, doc.json_value)
_HEADER_MEMBERS: Mapping[str, doc.Reader[Any]] = {
    "number": doc.integer,
    "run": doc.string,
    "who": doc.string,
    "started": doc.string,
    "operation": doc.string,
    "lineage": doc.string,
    "serial": doc.integer,
    "digest": doc.string,
    "result": doc.one_of(RunResult),
}
_read_header = doc.record(RunHeader, **_HEADER_MEMBERS)
_CHANGE_MEMBERS: Mapping[str, doc.Reader[Any]] = {
    "kind": _read_kind,
    "id": doc.string,
    "name": doc.string,
    "write": doc.mapping(_read_name, read_value),
    "fields": doc.array(
        doc.record(FieldChange, {"cause": _read_cause}, path=_read_path, before=read_value, after=read_value)
    ),
    "media": read_media,
    "media_before": doc.string,
    "position": _read_position,
    "cause": _read_cause,
    "media_cause": _read_cause,
    "position_cause": _read_cause,
    "changed_at": doc.string,
    "deleted_items": doc.integer,
    "matched_by": doc.one_of(MatchedBy),
    "reason": doc.string,
}
_FORMER_MEMBERS: Mapping[str, doc.Reader[Any]] = {
    "key": doc.key,
    "kind": _read_kind,
    "media": _read_former_media,
    "fields": _read_fields,
    "source": doc.string,
    "sent": doc.mapping(doc.string, doc.string),
}
_RECORDED_MEMBERS: Mapping[str, doc.Reader[Any]] = {
    "former": doc.array(doc.record(FormerResource, _FORMER_MEMBERS, id=doc.string)),
    "status": doc.one_of([status.value for status in OutcomeStatus]),
    "why": doc.string,
    "new_id": doc.string,
}
_read_recorded = doc.record(
    RecordedChange,
    _RECORDED_MEMBERS,
    change=doc.record(Change, _CHANGE_MEMBERS, address=doc.address, action=_read_action),
)
_RECORD_MEMBERS: Mapping[str, doc.Reader[Any]] = {
    "site_id": doc.string,
    "changes": doc.array(_read_recorded),
    "orders": doc.mapping(
        doc.string,
        doc.record(
            RecordedOrder, before=doc.array(doc.string), keys=doc.array(doc.string), after=doc.array(doc.string)
        ),
    ),
    "state_changes": doc.array(
        doc.record(StateChange, address=doc.address, action=doc.one_of(StateAction), detail=doc.string)
    ),
}
_read_document = doc.versioned("history", {_FORMAT_VERSION: _read_record})
_read_summary_document = doc.versioned("history", {_FORMAT_VERSION: _read_summary})
