"""The plan as a JSON document, to be reviewed now and applied later; `schemas/plan.schema.json` describes it.

`digest` is the SHA-256 of the rest, so that a plan is applied as it was reviewed or not at all; `signature` is of the
digest, so that who can change both cannot sign what they changed.
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
from galleryctl.plan.changes import Action, Change, FieldChange, MatchedBy, Notice, Plan, Refusal
from galleryctl.plan.file.canonical import digest
from galleryctl.plan.file.decode import MAX_SAFE_INTEGER, JsonNode
from galleryctl.plan.file.media import decode_media, encode_media
from galleryctl.plan.steps import plan_steps

_FORMAT_VERSION = 1

_PLAN_MEMBERS = (
    "format_version", "site_id", "lineage", "serial", "item_order", "targets", "changes", "unchanged", "ids",
    "media", "protected", "forget", "refusals", "notices", "digest", "signature",
)  # fmt: skip
_CHANGE_MEMBERS = (
    "address", "action", "kind", "id", "name", "write", "fields", "media", "media_before", "sort_order", "place",
    "fingerprint", "basis", "reason",
)  # fmt: skip
_SIGNATURE_PATTERN = re.compile("[0-9a-f]{32}:[0-9a-f]{64}")
_NEW_PLAN_HINT = "make a new plan: galleryctl plan --out FILE"


def encode_plan(plan: Plan) -> dict[str, Json]:
    """`plan` as JSON, ready for `json.dumps`; `decode` is the inverse."""
    document = _encode_unsigned(plan)
    return {**document, "digest": digest(document), "signature": plan.signature or None}


def plan_digest(plan: Plan) -> str:
    """The digest in the plan's document: what a signature is of."""
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
        "ids": {str(address): plan.ids[address] for address in _sort_addresses(plan.ids)},
        "media": dict(sorted(plan.media.items())),
        "protected": [str(address) for address in _sort_addresses(plan.protected)],
        "forget": [str(address) for address in _sort_addresses(plan.forget)],
        "refusals": [
            {"address": _optional_str(refusal.address), "why": refusal.why, "allow": refusal.allow}
            for refusal in plan.refusals
        ],
        "notices": [{"address": _optional_str(notice.address), "message": notice.message} for notice in plan.notices],
    }


def decode_plan(document: Json) -> Plan:
    """The plan that `document` holds. Raises InvalidInput, with all its problems, for anything else."""
    problems: list[Problem] = []
    node = JsonNode(document, "", problems)
    _check_version(node)
    plan = _decode_members(node)
    if not problems:
        _check_digest(document, node)
    if not problems:
        _check_steps(plan, node)
    if problems:
        raise InvalidInput(tuple(problems), do=_NEW_PLAN_HINT)
    return plan


def _check_version(node: JsonNode) -> None:
    """Raise InvalidInput, before all else is found to be wrong, when another galleryctl wrote the document."""
    if not isinstance(node.value, Mapping):
        return
    version = node.value.get("format_version")
    if version != _FORMAT_VERSION or isinstance(version, bool):
        known = isinstance(version, int) and not isinstance(version, bool) and 0 <= version <= MAX_SAFE_INTEGER
        said = f"is {version}" if known else "is no version"
        problem = f"format_version {said}; this galleryctl reads {_FORMAT_VERSION}"
        raise InvalidInput((Problem(at=None, message=problem),), do=_NEW_PLAN_HINT)


def _check_digest(document: Json, node: JsonNode) -> None:
    if isinstance(document, Mapping):
        rest = {name: value for name, value in document.items() if name not in ("digest", "signature")}
        if digest(rest) != document["digest"]:
            digest_ = JsonNode(document["digest"], "digest", node.problems)
            digest_.add_problem("does not fit the rest; the plan was changed after it was written")


def _check_steps(plan: Plan, node: JsonNode) -> None:
    """No two changes are one step: an apply knows steps, and what became of each change, by their names."""
    steps = Counter(step.id for step in plan_steps(plan))
    resources = Counter((str(change.address), change.id) for change in plan.changes)
    for name in (name for name, count in steps.items() if count > 1):
        node.add_problem(f"two of its steps are called {name}")
    for address, id_ in (resource for resource, count in resources.items() if count > 1):
        node.add_problem(f"{address} with id {id_} is changed twice")


def _decode_members(node: JsonNode) -> Plan:
    part = node.object_with(_PLAN_MEMBERS)
    part["digest"].string()
    return Plan(
        site_id=part["site_id"].string(),
        changes=tuple(map(_decode_change, part["changes"].array())),
        unchanged=part["unchanged"].integer(),
        ids={_decode_address_key(name, member): member.string() for name, member in part["ids"].members()},
        media={name: member.string() for name, member in part["media"].members()},
        protected=part["protected"].addresses(),
        forget=part["forget"].addresses(),
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
        node.add_problem("is no signature")
    return text


def _encode_change(change: Change) -> Json:
    return {
        "address": str(change.address),
        "action": change.action.value,
        "kind": None if change.kind is None else change.kind.value,
        "id": change.id,
        "name": change.name,
        "write": {name: _tuples_to_lists(value) for name, value in change.write.items()},
        "fields": [
            {"path": part.path, "before": _tuples_to_lists(part.before), "after": _tuples_to_lists(part.after)}
            for part in change.fields
        ],
        "media": encode_media(change.media),
        "media_before": change.media_before,
        "sort_order": change.sort_order,
        "place": None if change.position is None else list(change.position),
        "fingerprint": change.fingerprint,
        "basis": change.matched_by.value,
        "reason": change.reason,
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
        fields=tuple(map(_decode_field_change, part["fields"].array())),
        media=part["media"].optional(decode_media),
        media_before=part["media_before"].optional(JsonNode.string),
        sort_order=part["sort_order"].optional(JsonNode.number),
        position=part["place"].optional(_decode_position),
        fingerprint=part["fingerprint"].optional(JsonNode.string),
        matched_by=part["basis"].one_of(MatchedBy),
        reason=part["reason"].string(),
    )
    for message in _contradictions(change):
        node.add_problem(message)
    return change


def _contradictions(change: Change) -> Sequence[str]:
    """What no plan says: an apply relies on these."""
    create = change.action is Action.CREATE
    said = {
        "a plan has no no-ops": change.action is Action.NO_OP,
        "a create has no id": create and change.id is not None,
        "what is live has an id and a fingerprint": not create and None in (change.id, change.fingerprint),
        "what is made has a sort_order": change.action in (Action.CREATE, Action.REPLACE) and change.sort_order is None,
        "an item has a kind, a gallery has none": (change.kind is None) != (change.address.item is None),
        "a gallery is never replaced": change.action is Action.REPLACE and change.address.item is None,
    }
    return [message for message, wrong in said.items() if wrong]


def _decode_field_change(node: JsonNode) -> FieldChange:
    part = node.object_with(("path", "before", "after"))
    return FieldChange(path=part["path"].string(), before=part["before"].json(), after=part["after"].json())


def _decode_position(node: JsonNode) -> tuple[int, int]:
    places = [element.integer() for element in node.array()]
    if len(places) != 2:  # noqa: PLR2004 - from, to
        node.add_problem("is no pair of places")
        return (0, 0)
    return (places[0], places[1])


def _decode_refusal(node: JsonNode) -> Refusal:
    part = node.object_with(("address", "why", "allow"))
    return Refusal(
        address=part["address"].optional(JsonNode.address), why=part["why"].string(), allow=part["allow"].string()
    )


def _decode_notice(node: JsonNode) -> Notice:
    part = node.object_with(("address", "message"))
    return Notice(address=part["address"].optional(JsonNode.address), message=part["message"].string())


def _decode_address_key(name: str, member: JsonNode) -> Address:
    return JsonNode(name, member.path, member.problems).address()


def _sort_addresses(addresses: Mapping[Address, str] | frozenset[Address]) -> list[Address]:
    return sorted(addresses, key=lambda address: (address.gallery, address.item or ""))


def _optional_str(address: Address | None) -> str | None:
    return None if address is None else str(address)


def _tuples_to_lists(value: Json) -> Json:
    """`value` with lists for its tuples, as JSON tools expect them."""
    if isinstance(value, Mapping):
        return {name: _tuples_to_lists(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_tuples_to_lists(part) for part in value]
    return value
