"""The plan as a JSON document, to be reviewed and applied later; `schemas/plan.schema.json` describes it.

`digest` is the SHA-256 of the other members, so that an edited plan is rejected; `signature` signs the digest, so that
recomputing the digest is not enough.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from galleryctl.model.address import Address
from galleryctl.model.desired import ItemOrder
from galleryctl.model.errors import InvalidInput, Problem
from galleryctl.model.fields import Json
from galleryctl.model.media import Kind
from galleryctl.plan.changes import (
    Action,
    Cause,
    Change,
    FieldChange,
    MatchedBy,
    Notice,
    Plan,
    Refusal,
    StateAction,
    StateChange,
)
from galleryctl.plan.file.canonical import digest
from galleryctl.plan.file.decode import MAX_SAFE_INTEGER, JsonNode
from galleryctl.plan.file.media import decode_media, encode_media
from galleryctl.plan.file.records import decode_plan_record, encode_plan_record
from galleryctl.plan.file.review import review_digest
from galleryctl.plan.steps import plan_steps

_FORMAT_VERSION = 2

_PLAN_MEMBERS = (
    "format_version", "site_id", "lineage", "serial", "item_order", "targets", "changes", "unchanged", "ids",
    "media", "records", "protected", "forget", "released", "state_changes", "approval", "unmanaged", "refusals", "notices",
    "review_digest", "digest", "signature",
)  # fmt: skip
_CHANGE_MEMBERS = (
    "address", "action", "kind", "id", "name", "write", "named", "cleared", "fields", "media", "media_before", "sort_order",
    "place", "fingerprint", "basis", "reason", "cause", "media_cause", "position_cause", "changed_at",
)  # fmt: skip
_SIGNATURE_PATTERN = re.compile("[0-9a-f]{32}:[0-9a-f]{64}")
_NEW_PLAN_HINT = "create a new plan: galleryctl plan --out FILE"


def encode_plan(plan: Plan) -> dict[str, Json]:
    """Return the plan as a JSON document; `decode_plan` is the inverse."""
    document = _encode_unsigned(plan)
    return {**document, "digest": digest(document), "signature": plan.signature or None}


def plan_digest(plan: Plan) -> str:
    """Return the digest of the plan, which a signature signs."""
    return digest(_encode_unsigned(plan))


def _encode_unsigned(plan: Plan) -> dict[str, Json]:
    return {
        "format_version": _FORMAT_VERSION,
        "site_id": plan.site_id,
        "lineage": plan.lineage,
        "serial": plan.serial,
        "item_order": plan.item_order.value,
        "targets": [str(address) for address in plan.targets],
        "changes": [_encode_change(change) for change in plan.changes],
        "unchanged": plan.unchanged,
        "ids": {str(address): id_ for address, id_ in sorted(plan.ids.items())},
        "media": dict(sorted(plan.media.items())),
        "records": {str(address): encode_plan_record(record) for address, record in sorted(plan.records.items())},
        "protected": [str(address) for address in sorted(plan.protected)],
        "forget": [str(address) for address in sorted(plan.forget)],
        "released": [str(address) for address in sorted(plan.released)],
        "state_changes": [
            {"address": str(change.address), "action": change.action.value, "detail": change.detail}
            for change in plan.state_changes
        ],
        "approval": plan.approval,
        "unmanaged": plan.unmanaged,
        "refusals": [
            {"address": _optional_str(refusal.address), "why": refusal.why, "allow": refusal.allow}
            for refusal in plan.refusals
        ],
        "notices": [{"address": _optional_str(notice.address), "message": notice.message} for notice in plan.notices],
        "review_digest": review_digest(plan),
    }


def decode_plan(document: Json) -> Plan:
    """Return the plan in a JSON document. Raises InvalidInput with all problems of the document."""
    problems: list[Problem] = []
    node = JsonNode(document, "", problems)
    _check_version(node)
    plan = _decode_members(node)
    if not problems:
        _check_digests(document, plan, node)
    if not problems:
        _check_steps(plan, node)
    if problems:
        raise InvalidInput(tuple(problems), do=_NEW_PLAN_HINT)
    return plan


def _check_version(node: JsonNode) -> None:
    """Raise InvalidInput, without any other problem, if another version of galleryctl wrote the document."""
    version = node.value.get("format_version") if isinstance(node.value, Mapping) else _FORMAT_VERSION
    if version != _FORMAT_VERSION or isinstance(version, bool):
        valid = isinstance(version, int) and not isinstance(version, bool) and 0 <= version <= MAX_SAFE_INTEGER
        problem = f"format_version {version} is not supported" if valid else "invalid format_version"
        message = f"{problem}; this galleryctl reads version {_FORMAT_VERSION}"
        raise InvalidInput((Problem(at=None, message=message),), do=_NEW_PLAN_HINT)


def _check_digests(document: Json, plan: Plan, node: JsonNode) -> None:
    if isinstance(document, Mapping):
        if document["review_digest"] != review_digest(plan):
            node.problems.append(Problem(at=None, message="review_digest: does not match the plan"))
        signed = {name: value for name, value in document.items() if name not in ("digest", "signature")}
        if digest(signed) != document["digest"]:
            message = "digest: does not match the plan, which was changed after it was saved"
            node.problems.append(Problem(at=None, message=message))


def _check_steps(plan: Plan, node: JsonNode) -> None:
    """Add a problem for each duplicate step or change: an apply identifies steps by name, outcomes by address and id."""
    steps = Counter(step.id for step in plan_steps(plan))
    resources = Counter((str(change.address), change.id) for change in plan.changes)
    for name in (name for name, count in steps.items() if count > 1):
        node.add_problem(f"duplicate step {name!r}")
    for address, id_ in (resource for resource, count in resources.items() if count > 1):
        node.add_problem(f"duplicate change of {address} with id {id_}")


def _decode_members(node: JsonNode) -> Plan:
    part = node.object_with(_PLAN_MEMBERS)
    part["digest"].string()
    part["review_digest"].string()
    return Plan(
        site_id=part["site_id"].string(),
        changes=tuple(map(_decode_change, part["changes"].array())),
        unchanged=part["unchanged"].integer(),
        ids={JsonNode(key, id_.path, id_.problems).address(): id_.string() for key, id_ in part["ids"].members()},
        media={name: member.string() for name, member in part["media"].members()},
        protected=part["protected"].addresses(),
        forget=part["forget"].addresses(),
        records={
            JsonNode(key, record.path, record.problems).address(): decode_plan_record(record)
            for key, record in part["records"].members()
        },
        released=part["released"].addresses(),
        state_changes=tuple(map(_decode_state_change, part["state_changes"].array())),
        approval=part["approval"].string(),
        unmanaged=part["unmanaged"].integer(),
        refusals=tuple(map(_decode_refusal, part["refusals"].array())),
        notices=tuple(map(_decode_notice, part["notices"].array())),
        item_order=part["item_order"].one_of(ItemOrder),
        targets=tuple(map(JsonNode.address, part["targets"].array())),
        lineage=part["lineage"].string(),
        serial=part["serial"].integer(),
        signature=part["signature"].optional(_decode_signature) or "",
    )


def _decode_signature(node: JsonNode) -> str:
    text = node.string()
    if not _SIGNATURE_PATTERN.fullmatch(text):
        node.add_problem("is not a valid signature")
    return text


def _encode_change(change: Change) -> Json:
    return {
        "address": str(change.address),
        "action": change.action.value,
        "kind": None if change.kind is None else change.kind.value,
        "id": change.id,
        "name": change.name,
        "write": {name: _tuples_to_lists(value) for name, value in change.write.items()},
        "named": list(change.named),
        "cleared": list(change.cleared),
        "fields": [
            {
                "path": part.path,
                "before": _tuples_to_lists(part.before),
                "after": _tuples_to_lists(part.after),
                "cause": part.cause.value,
            }
            for part in change.fields
        ],
        "media": encode_media(change.media),
        "media_before": change.media_before,
        "sort_order": change.sort_order,
        "place": None if change.position is None else list(change.position),
        "fingerprint": change.fingerprint,
        "basis": change.matched_by.value,
        "reason": change.reason,
        "cause": change.cause.value,
        "media_cause": change.media_cause.value,
        "position_cause": change.position_cause.value,
        "changed_at": change.changed_at,
    }


def _decode_change(node: JsonNode) -> Change:
    part = node.object_with(_CHANGE_MEMBERS)
    change = Change(
        address=part["address"].address(),
        action=part["action"].one_of(Action),
        kind=part["kind"].optional(lambda kind: kind.one_of(Kind)),
        id=part["id"].optional(JsonNode.string),
        name=part["name"].string(),
        write={name: value.json() for name, value in part["write"].members()},
        named=tuple(map(JsonNode.string, part["named"].array())),
        cleared=tuple(map(JsonNode.string, part["cleared"].array())),
        fields=tuple(map(_decode_field_change, part["fields"].array())),
        media=part["media"].optional(decode_media),
        media_before=part["media_before"].optional(JsonNode.string),
        sort_order=part["sort_order"].optional(JsonNode.number),
        position=part["place"].optional(_decode_position),
        fingerprint=part["fingerprint"].optional(JsonNode.string),
        matched_by=part["basis"].one_of(MatchedBy),
        reason=part["reason"].string(),
        cause=part["cause"].one_of(Cause),
        media_cause=part["media_cause"].one_of(Cause),
        position_cause=part["position_cause"].one_of(Cause),
        changed_at=part["changed_at"].string(),
    )
    for message in _contradictions(change):
        node.add_problem(message)
    return change


def _contradictions(change: Change) -> Sequence[str]:
    """Return the rules that the change breaks and on which an apply relies."""
    create, replace = change.action is Action.CREATE, change.action is Action.REPLACE
    broken = {
        "a no-op cannot be planned": change.action is Action.NO_OP,
        "a create must not have an id": create and change.id is not None,
        f"{change.action} needs an id and a fingerprint": not create and None in (change.id, change.fingerprint),
        f"{change.action} needs a sort_order": (create or replace) and change.sort_order is None,
        "an item must have a kind, a gallery must not": (change.kind is None) != (change.address.item is None),
        "a gallery cannot be replaced": replace and change.address.item is None,
    }
    return [message for message, is_broken in broken.items() if is_broken]


def _decode_field_change(node: JsonNode) -> FieldChange:
    part = node.object_with(("path", "before", "after", "cause"))
    return FieldChange(
        path=part["path"].string(),
        before=part["before"].json(),
        after=part["after"].json(),
        cause=part["cause"].one_of(Cause),
    )


def _decode_state_change(node: JsonNode) -> StateChange:
    part = node.object_with(("address", "action", "detail"))
    return StateChange(
        address=part["address"].address(), action=part["action"].one_of(StateAction), detail=part["detail"].string()
    )


def _decode_position(node: JsonNode) -> tuple[int, int]:
    positions = [element.integer() for element in node.array()]
    if len(positions) != 2:  # noqa: PLR2004 - before, after
        node.add_problem("is not a pair of positions")
        return (0, 0)
    return (positions[0], positions[1])


def _decode_refusal(node: JsonNode) -> Refusal:
    part = node.object_with(("address", "why", "allow"))
    return Refusal(
        address=part["address"].optional(JsonNode.address), why=part["why"].string(), allow=part["allow"].string()
    )


def _decode_notice(node: JsonNode) -> Notice:
    part = node.object_with(("address", "message"))
    return Notice(address=part["address"].optional(JsonNode.address), message=part["message"].string())


def _optional_str(address: Address | None) -> str | None:
    return None if address is None else str(address)


def _tuples_to_lists(value: Json) -> Json:
    """Return `value` with lists instead of tuples, as JSON tools expect."""
    if isinstance(value, Mapping):
        return {name: _tuples_to_lists(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_tuples_to_lists(part) for part in value]
    return value
