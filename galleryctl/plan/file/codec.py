"""The plan as a JSON document, to be reviewed and applied later; `schemas/plan.schema.json` describes it.

`digest` is the SHA-256 of the other members, so that an edited plan is rejected; `signature` signs the digest, so that
recomputing the digest is not enough.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from galleryctl.model import json_document as doc
from galleryctl.model.address import Address
from galleryctl.model.command import command_line
from galleryctl.model.desired import ItemOrder
from galleryctl.model.errors import InvalidInput, Problem
from galleryctl.model.fields import Json
from galleryctl.model.last_applied_codec import encode_last_applied, read_last_applied
from galleryctl.model.media import Kind
from galleryctl.model.position import SourcePosition
from galleryctl.model.tolerated import ToleratedDrift, TolerationStatus
from galleryctl.model.variable_text import displayed
from galleryctl.plan.changes import (
    Action,
    Cause,
    Change,
    DoubtResolution,
    FieldChange,
    HeldItem,
    MatchedBy,
    Notice,
    Plan,
    Refusal,
    StateAction,
    StateChange,
)
from galleryctl.plan.file.canonical import digest
from galleryctl.plan.file.media import encode_media, read_media
from galleryctl.plan.file.review import review_digest
from galleryctl.plan.file.texts import encode_value, read_value, read_variable_text
from galleryctl.plan.steps import plan_steps

_FORMAT_VERSION = 2

_NEW_PLAN_HINT = "create a new plan: " + command_line("plan", "--out", "FILE")


def encode_plan(plan: Plan) -> dict[str, Json]:
    """Return the plan as a JSON document; `decode_plan` is the inverse."""
    document = _encode_unsigned(plan)
    return {**document, "digest": digest(document), "signature": plan.signature or None}


def encode_positions(positions: Mapping[Address, SourcePosition]) -> dict[str, Json]:
    """Return the positions as a JSON object by address, in the order of the manifests."""
    return {str(address): {"file": at.file, "line": at.line, "column": at.column} for address, at in positions.items()}


def plan_digest(plan: Plan) -> str:
    """Return the digest of the plan, which a signature signs."""
    return digest(_encode_unsigned(plan))


def _encode_unsigned(plan: Plan) -> dict[str, Json]:
    return {
        "format_version": _FORMAT_VERSION,
        "site_id": encode_value(plan.site_id),
        "lineage": plan.lineage,
        "serial": plan.serial,
        "item_order": plan.item_order.value,
        "targets": [str(address) for address in plan.targets],
        "positions": encode_positions(plan.positions),
        "changes": [_encode_change(change) for change in plan.changes],
        "unchanged": plan.unchanged,
        "moves": {str(old): str(new) for old, new in sorted(plan.moves.items())},
        "ids": {str(address): id_ for address, id_ in sorted(plan.ids.items())},
        "media": dict(sorted(plan.media.items())),
        "records": {str(address): encode_last_applied(record) for address, record in sorted(plan.records.items())},
        "protected": [str(address) for address in sorted(plan.protected)],
        "forget": [str(address) for address in sorted(plan.forget)],
        "released": {str(address): id_ for address, id_ in sorted(plan.released.items())},
        "state_changes": [
            {"address": str(change.address), "action": change.action.value, "detail": change.detail}
            for change in plan.state_changes
        ],
        "approval": plan.approval,
        "unmanaged": plan.unmanaged,
        "undeclared": plan.undeclared,
        "doubt_resolution": _encode_doubt_resolution(plan.doubt_resolution),
        "refusals": [
            {"address": _optional_str(refusal.address), "why": refusal.why, "allow": refusal.allow}
            for refusal in plan.refusals
        ],
        "notices": [{"address": _optional_str(notice.address), "message": notice.message} for notice in plan.notices],
        "held": [{"address": str(item.address), "why": item.why} for item in plan.held],
        "made_at": plan.made_at,
        "tolerated": [_encode_tolerated(effect) for effect in plan.tolerated],
        "review_digest": review_digest(plan),
    }


def decode_plan(document: Json) -> Plan:
    """Return the plan in a JSON document. Raises InvalidInput with the first problem of the document."""
    try:
        plan = _read_document(document)
        _check_digest(document)
        _check_unique(plan)
    except doc.UnsupportedVersionError as error:
        why = f"format_version {error.version} is not supported; this galleryctl reads version {_FORMAT_VERSION}"
    except ValueError as error:
        why = str(error)
    else:
        return plan
    raise InvalidInput((Problem(at=None, message=why),), do=_NEW_PLAN_HINT)


def _check_digest(document: Json) -> None:
    members = document if isinstance(document, Mapping) else {}
    signed = {name: value for name, value in members.items() if name not in ("digest", "signature")}
    if digest(signed) != members["digest"]:
        raise ValueError("digest: does not match the plan, which was changed after it was saved")


def _check_unique(plan: Plan) -> None:
    """Reject duplicates: an apply identifies steps by name, outcomes by address and id, resources in state by address."""
    steps = [step.id for step in plan_steps(plan)]
    resources = [f"{change.address} with id {change.id}" for change in plan.changes]
    moved = [str(address) for address in plan.moves.values()]
    for what, names in ("step", steps), ("change of", resources), ("move to", moved):
        for name in (name for name, count in Counter(names).items() if count > 1):
            raise ValueError(f"duplicate {what} {name}")


def _read_addresses(value: Json) -> frozenset[Address]:
    addresses = doc.array(doc.address)(value)
    if len(set(addresses)) < len(addresses):
        raise doc.InvalidDocumentError("contains a duplicate address")
    return frozenset(addresses)


def _encode_doubt_resolution(resolution: DoubtResolution) -> Json:
    return {
        "declared": [str(address) for address in sorted(resolution.declared)],
        "moved": {str(old): str(new) for old, new in sorted(resolution.moved.items())},
        "adopt": {str(address): id_ for address, id_ in sorted(resolution.adopt.items())},
        "foreign": sorted(resolution.foreign),
    }


def _encode_tolerated(effect: ToleratedDrift) -> Json:
    return {
        "address": str(effect.address),
        "field": effect.field,
        "value": encode_value(effect.value),
        "until": effect.until,
        "reason": effect.reason,
        "status": effect.status.value,
        "why": effect.why,
    }


def _encode_change(change: Change) -> Json:
    return {
        "address": str(change.address),
        "action": change.action.value,
        "kind": None if change.kind is None else change.kind.value,
        "id": change.id,
        "name": displayed(change.name),
        "write": {name: encode_value(value) for name, value in change.write.items()},
        "named": list(change.named),
        "cleared": list(change.cleared),
        "fields": [
            {
                "path": part.path,
                "before": encode_value(part.before),
                "after": encode_value(part.after),
                "cause": part.cause.value,
            }
            for part in change.fields
        ],
        "media": encode_media(change.media),
        "media_before": change.media_before,
        "sort_order": change.sort_order,
        "place": None if change.position is None else list(change.position),
        "fingerprint": change.fingerprint,
        "deleted_content": change.deleted_content,
        "deleted_items": change.deleted_items,
        "basis": change.matched_by.value,
        "reason": change.reason,
        "cause": change.cause.value,
        "media_cause": change.media_cause.value,
        "position_cause": change.position_cause.value,
        "changed_at": change.changed_at,
    }


def _build_change(*, place: tuple[int, int] | None, basis: MatchedBy, **members: Any) -> Change:
    """Return the change. Raise InvalidDocumentError if it breaks a rule on which an apply relies."""
    change = Change(position=place, matched_by=basis, **members)
    create, replace = change.action is Action.CREATE, change.action is Action.REPLACE
    broken = {
        "is a no-op, which cannot be planned": change.action is Action.NO_OP,
        "is a create, which must not have an id": create and change.id is not None,
        f"is a {change.action}, which needs an id and a fingerprint": not create
        and None in (change.id, change.fingerprint),
        f"is a {change.action}, which needs deleted_content": (replace or change.action is Action.DELETE)
        and change.deleted_content is None,
        f"is a {change.action}, which needs a sort_order": (create or replace) and change.sort_order is None,
        "must have a kind if it is an item, and none otherwise": (change.kind is None) != (change.address.item is None),
        "is a gallery, which cannot be replaced": replace and change.address.item is None,
    }
    for predicate in (predicate for predicate, is_broken in broken.items() if is_broken):
        raise doc.InvalidDocumentError(predicate)
    return change


def _read_position(value: Json) -> tuple[int, int]:
    match doc.array(doc.integer)(value):
        case (before, after):
            return before, after
    raise doc.InvalidDocumentError("is not a pair of positions")


_read_line = doc.integer_from(1, doc.MAX_SAFE_INTEGER)
read_positions = doc.mapping(
    doc.address, doc.record(SourcePosition, file=doc.string, line=_read_line, column=_read_line)
)
"""The reader of what `encode_positions` returns."""
_read_text = doc.optional(doc.string)
_read_optional_address = doc.optional(doc.address)
_read_texts = doc.array(doc.string)
_read_cause = doc.one_of(Cause)
_read_field_change = doc.record(FieldChange, path=doc.string, before=read_value, after=read_value, cause=_read_cause)
_read_change = doc.record(
    _build_change,
    address=doc.address,
    action=doc.one_of(Action),
    kind=doc.optional(doc.one_of(Kind)),
    id=_read_text,
    name=doc.string,
    write=doc.mapping(doc.string, read_value),
    named=_read_texts,
    cleared=_read_texts,
    fields=doc.array(_read_field_change),
    media=doc.optional(read_media),
    media_before=_read_text,
    sort_order=doc.optional(doc.number),
    place=doc.optional(_read_position),
    fingerprint=_read_text,
    deleted_content=_read_text,
    deleted_items=doc.integer,
    basis=doc.one_of(MatchedBy),
    reason=doc.string,
    cause=_read_cause,
    media_cause=_read_cause,
    position_cause=_read_cause,
    changed_at=doc.string,
)


def _build_plan(
    *,
    digest: str,  # noqa: ARG001 - checked before
    review_digest: str,  # noqa: ARG001 - for readers of the document
    signature: str | None,
    **members: Any,
) -> Plan:
    return Plan(signature=signature or "", **members)


_read_plan = doc.record(
    _build_plan,
    site_id=read_variable_text,
    changes=doc.array(_read_change),
    unchanged=doc.integer,
    moves=doc.mapping(doc.address, doc.address),
    ids=doc.mapping(doc.address, doc.string),
    media=doc.mapping(doc.string, doc.string),
    protected=_read_addresses,
    forget=_read_addresses,
    records=doc.mapping(doc.address, read_last_applied),
    released=doc.mapping(doc.address, _read_text),
    state_changes=doc.array(
        doc.record(StateChange, address=doc.address, action=doc.one_of(StateAction), detail=doc.string)
    ),
    approval=doc.string,
    unmanaged=doc.integer,
    undeclared=doc.integer,
    doubt_resolution=doc.record(
        lambda foreign, **members: DoubtResolution(foreign=frozenset(foreign), **members),
        declared=_read_addresses,
        moved=doc.mapping(doc.address, doc.address),
        adopt=doc.mapping(doc.address, doc.string),
        foreign=doc.array(doc.string),
    ),
    refusals=doc.array(doc.record(Refusal, address=_read_optional_address, why=doc.string, allow=doc.string)),
    notices=doc.array(doc.record(Notice, address=_read_optional_address, message=doc.string)),
    held=doc.array(doc.record(HeldItem, address=doc.address, why=doc.string)),
    made_at=doc.string,
    tolerated=doc.array(
        doc.record(
            ToleratedDrift,
            address=doc.address,
            field=doc.string,
            value=doc.json_value,
            until=doc.string,
            reason=doc.string,
            status=doc.one_of(TolerationStatus),
            why=doc.string,
        )
    ),
    item_order=doc.one_of(ItemOrder),
    targets=doc.array(doc.address),
    positions=read_positions,
    lineage=doc.string,
    serial=doc.integer,
    review_digest=doc.matching(re.compile("[0-9a-f]{64}"), "a digest"),
    digest=doc.string,
    signature=doc.optional(doc.matching(re.compile("[0-9a-f]{32}:[0-9a-f]{64}"), "a valid signature")),
)
_read_document = doc.versioned("format_version", {_FORMAT_VERSION: _read_plan})


def _optional_str(address: Address | None) -> str | None:
    return None if address is None else str(address)
