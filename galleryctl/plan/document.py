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
from galleryctl.plan.canonical import digest
from galleryctl.plan.changes import Action, Basis, Change, FieldChange, Notice, Plan, Refusal
from galleryctl.plan.media import decode_media, encode_media
from galleryctl.plan.order import order
from galleryctl.plan.reading import LARGEST, Node

FORMAT_VERSION = 1

_PLAN = (
    "format_version", "site_id", "lineage", "serial", "item_order", "targets", "changes", "unchanged", "ids",
    "media", "protected", "forget", "refusals", "notices", "digest", "signature",
)  # fmt: skip
_CHANGE = (
    "address", "action", "kind", "id", "name", "write", "fields", "media", "media_before", "sort_order", "place",
    "fingerprint", "basis", "reason",
)  # fmt: skip
_SIGNATURE = re.compile("[0-9a-f]{32}:[0-9a-f]{64}")
_ANEW = "make a new plan: galleryctl plan --out FILE"


def encode(plan: Plan) -> dict[str, Json]:
    """`plan` as JSON, ready for `json.dumps`; `decode` is the inverse."""
    document = _encode(plan)
    return {**document, "digest": digest(document), "signature": plan.signature or None}


def plan_digest(plan: Plan) -> str:
    """The digest in the plan's document: what a signature is of."""
    return digest(_encode(plan))


def _encode(plan: Plan) -> dict[str, Json]:
    return {
        "format_version": FORMAT_VERSION,
        "site_id": plan.site_id,
        "lineage": plan.lineage,
        "serial": plan.serial,
        "item_order": plan.item_order.value,
        "targets": [str(address) for address in plan.targets],
        "changes": [_encode_change(change) for change in plan.changes],
        "unchanged": plan.unchanged,
        "ids": {str(address): plan.ids[address] for address in _sorted(plan.ids)},
        "media": dict(sorted(plan.media.items())),
        "protected": [str(address) for address in _sorted(plan.protected)],
        "forget": [str(address) for address in _sorted(plan.forget)],
        "refusals": [
            {"address": _text(refusal.address), "why": refusal.why, "allow": refusal.allow} for refusal in plan.refusals
        ],
        "notices": [{"address": _text(notice.address), "message": notice.message} for notice in plan.notices],
    }


def decode(document: Json) -> Plan:
    """The plan that `document` holds. Raises InvalidInput, with all its problems, for anything else."""
    problems: list[Problem] = []
    node = Node(document, "", problems)
    _check_version(node)
    plan = _plan(node)
    if not problems:
        _check_digest(document, node)
    if not problems:
        _check_steps(plan, node)
    if problems:
        raise InvalidInput(tuple(problems), do=_ANEW)
    return plan


def _check_version(node: Node) -> None:
    """Raise InvalidInput, before all else is found to be wrong, when another galleryctl wrote the document."""
    if not isinstance(node.value, Mapping):
        return
    version = node.value.get("format_version")
    if version != FORMAT_VERSION or isinstance(version, bool):
        known = isinstance(version, int) and not isinstance(version, bool) and 0 <= version <= LARGEST
        said = f"is {version}" if known else "is no version"
        problem = f"format_version {said}; this galleryctl reads {FORMAT_VERSION}"
        raise InvalidInput((Problem(at=None, message=problem),), do=_ANEW)


def _check_digest(document: Json, node: Node) -> None:
    if isinstance(document, Mapping):
        rest = {name: value for name, value in document.items() if name not in ("digest", "signature")}
        if digest(rest) != document["digest"]:
            digest_ = Node(document["digest"], "digest", node.problems)
            digest_.wrong("does not fit the rest; the plan was changed after it was written")


def _check_steps(plan: Plan, node: Node) -> None:
    """No two changes are one step: an apply knows steps, and what became of each change, by their names."""
    steps = Counter(step.id for step in order(plan))
    resources = Counter((str(change.address), change.id) for change in plan.changes)
    for name in (name for name, count in steps.items() if count > 1):
        node.wrong(f"two of its steps are called {name}")
    for address, id_ in (resource for resource, count in resources.items() if count > 1):
        node.wrong(f"{address} with id {id_} is changed twice")


def _plan(node: Node) -> Plan:
    part = node.object(_PLAN)
    part["digest"].text()
    return Plan(
        site_id=part["site_id"].text(),
        changes=tuple(map(_change, part["changes"].array())),
        unchanged=part["unchanged"].whole(),
        ids={_address(name, member): member.text() for name, member in part["ids"].members()},
        media={name: member.text() for name, member in part["media"].members()},
        protected=part["protected"].addresses(),
        forget=part["forget"].addresses(),
        refusals=tuple(map(_refusal, part["refusals"].array())),
        notices=tuple(map(_notice, part["notices"].array())),
        item_order=part["item_order"].one_of(ItemOrder),
        targets=tuple(map(Node.address, part["targets"].array())),
        lineage=part["lineage"].text(),
        serial=part["serial"].whole(),
        signature=part["signature"].optional(_signature) or "",
    )


def _signature(node: Node) -> str:
    text = node.text()
    if not _SIGNATURE.fullmatch(text):
        node.wrong("is no signature")
    return text


def _encode_change(change: Change) -> Json:
    return {
        "address": str(change.address),
        "action": change.action.value,
        "kind": None if change.kind is None else change.kind.value,
        "id": change.id,
        "name": change.name,
        "write": {name: _listed(value) for name, value in change.write.items()},
        "fields": [
            {"path": part.path, "before": _listed(part.before), "after": _listed(part.after)} for part in change.fields
        ],
        "media": encode_media(change.media),
        "media_before": change.media_before,
        "sort_order": change.sort_order,
        "place": None if change.place is None else list(change.place),
        "fingerprint": change.fingerprint,
        "basis": change.basis.value,
        "reason": change.reason,
    }


def _change(node: Node) -> Change:
    part = node.object(_CHANGE)
    change = Change(
        address=part["address"].address(),
        action=part["action"].one_of(Action),
        kind=part["kind"].optional(lambda kind: kind.one_of(Kind)),
        id=part["id"].optional(Node.text),
        name=part["name"].text(),
        write={name: value.json() for name, value in part["write"].members()},
        fields=tuple(map(_field, part["fields"].array())),
        media=part["media"].optional(decode_media),
        media_before=part["media_before"].optional(Node.text),
        sort_order=part["sort_order"].optional(Node.number),
        place=part["place"].optional(_place),
        fingerprint=part["fingerprint"].optional(Node.text),
        basis=part["basis"].one_of(Basis),
        reason=part["reason"].text(),
    )
    for message in _contradictions(change):
        node.wrong(message)
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


def _field(node: Node) -> FieldChange:
    part = node.object(("path", "before", "after"))
    return FieldChange(path=part["path"].text(), before=part["before"].json(), after=part["after"].json())


def _place(node: Node) -> tuple[int, int]:
    places = [element.whole() for element in node.array()]
    if len(places) != 2:  # noqa: PLR2004 - from, to
        node.wrong("is no pair of places")
        return (0, 0)
    return (places[0], places[1])


def _refusal(node: Node) -> Refusal:
    part = node.object(("address", "why", "allow"))
    return Refusal(address=part["address"].optional(Node.address), why=part["why"].text(), allow=part["allow"].text())


def _notice(node: Node) -> Notice:
    part = node.object(("address", "message"))
    return Notice(address=part["address"].optional(Node.address), message=part["message"].text())


def _address(name: str, member: Node) -> Address:
    return Node(name, member.path, member.problems).address()


def _sorted(addresses: Mapping[Address, str] | frozenset[Address]) -> list[Address]:
    return sorted(addresses, key=lambda address: (address.gallery, address.item or ""))


def _text(address: Address | None) -> str | None:
    return None if address is None else str(address)


def _listed(value: Json) -> Json:
    """`value` with lists for its tuples, as JSON tools expect them."""
    if isinstance(value, Mapping):
        return {name: _listed(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_listed(part) for part in value]
    return value
