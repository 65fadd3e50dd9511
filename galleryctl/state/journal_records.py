"""The lines of a journal as JSON: the intents and the results of steps."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from galleryctl.model.address import Address
from galleryctl.model.last_applied import LastApplied, SentValue, encode_last_applied
from galleryctl.state.last_applied import decode_last_applied

IntentKind = Literal["upload", "create-gallery", "create-item", "update", "delete"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """The action that a step is about to take, in enough detail to find out later if it was done."""

    kind: IntentKind
    source: str = ""
    """The key of an upload's content in state."""
    gallery_id: str | None = None
    """The live id of the gallery in which items are created."""
    sort_orders: Mapping[Address, float] = field(default_factory=dict)
    """The created addresses, each with a sort order that is unique in its gallery."""
    markers: Mapping[Address, tuple[str, ...]] = field(default_factory=dict)
    """Fingerprints of each created item, so that another item with that sort order is not mistaken for it."""
    ids: tuple[str, ...] = ()
    """The live ids of what is updated or deleted."""
    fields: Mapping[Address, Mapping[str, SentValue]] = field(default_factory=dict)
    """The values that a create or an update sends, by address and path."""
    listed: tuple[str, ...] = ()
    """The ids of all items of the gallery before a create: none of them is the created item."""
    started_at: float = 0.0
    """Start time in epoch seconds, by this machine's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """The result of a step: live ids and last applied values by address, file ids by content, and removed live ids."""

    ids: Mapping[Address, str] = field(default_factory=dict)
    media: Mapping[str, str] = field(default_factory=dict)
    records: Mapping[Address, LastApplied] = field(default_factory=dict)
    removed: tuple[str, ...] = ()


def encode_record(**members: object) -> bytes:
    """Return a record as a line, without its newline."""
    return json.dumps(members, separators=(",", ":")).encode()


def decode_record(line: bytes) -> Mapping[str, Any]:
    """Return the record on a line. Raise ValueError for anything but a JSON object."""
    try:
        record = json.loads(line)
    except RecursionError:
        raise ValueError(f"{line[:40]!r} is nested too deeply") from None
    if not isinstance(record, dict):
        raise ValueError(f"{line[:40]!r} is not a JSON object")  # noqa: TRY004 - reported as StateError
    return record


def encode_intent(intent: Intent) -> dict[str, object]:
    """Return `intent` as a JSON object; `decode_intent` is the inverse."""
    return {
        "kind": intent.kind,
        "source": intent.source,
        "gallery_id": intent.gallery_id,
        "sort_orders": {str(address): order for address, order in intent.sort_orders.items()},
        "signs": {str(address): signs for address, signs in intent.markers.items()},
        "ids": intent.ids,
        "fields": {
            str(address): {path: [each.sent, each.before, *each.added] for path, each in fields.items()}
            for address, fields in intent.fields.items()
        },
        "listed": intent.listed,
        "at": intent.started_at,
    }


def decode_intent(part: Mapping[str, Any]) -> Intent:
    """Return the intent in a record. Raise ValueError, KeyError, TypeError, AttributeError or OverflowError."""
    kind = part["kind"]
    if kind not in get_args(IntentKind):
        raise ValueError(f"{kind!r} is not a kind of step")
    return Intent(
        kind=kind,
        source=_require_string(part["source"]),
        gallery_id=None if part["gallery_id"] is None else _require_string(part["gallery_id"]),
        sort_orders={Address.parse(address): _require_finite(order) for address, order in part["sort_orders"].items()},
        markers={Address.parse(address): tuple(map(str, signs)) for address, signs in part["signs"].items()},
        ids=tuple(map(_require_string, part["ids"])),
        fields={
            Address.parse(address): {path: _decode_sent_value(value) for path, value in fields.items()}
            for address, fields in part["fields"].items()
        },
        listed=tuple(map(_require_string, part["listed"])),
        started_at=_require_finite(part["at"]),
    )


def encode_result(result: StepResult) -> dict[str, object]:
    """Return `result` as a JSON object; `decode_result` is the inverse."""
    return {
        "ids": {str(address): id_ for address, id_ in result.ids.items()},
        "media": dict(result.media),
        "records": {str(address): encode_last_applied(record) for address, record in result.records.items()},
        "removed": result.removed,
    }


def decode_result(part: Mapping[str, Any]) -> StepResult:
    """Return the result in a record. Raise as `decode_intent` does."""
    return StepResult(
        ids={Address.parse(address): _require_string(id_) for address, id_ in part["ids"].items()},
        media={source: _require_string(id_) for source, id_ in part["media"].items()},
        records={
            Address.parse(address): decode_last_applied(record, f"records.{address}")
            for address, record in part["records"].items()
        },
        removed=tuple(map(_require_string, part["removed"])),
    )


def _decode_sent_value(value: object) -> SentValue:
    if not isinstance(value, list) or len(value) < 2:  # noqa: PLR2004 - sent, before
        raise ValueError(f"{value!r} is not a list of digests")
    sent, before, *added = map(_require_string, value)
    return SentValue(sent=sent, before=before, added=tuple(added))


def _require_string(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a string")  # noqa: TRY004 - reported as StateError
    return value


def _require_finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is not a finite number")
    return number
