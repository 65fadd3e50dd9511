"""The lines of a journal as JSON: what a step is about to do, and what it taught."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from galleryctl.model.address import Address

IntentKind = Literal["upload", "create-gallery", "create-item", "update", "delete"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What a step is about to do, as much of it as finding out needs whether it was done."""

    kind: IntentKind
    source: str = ""
    """The content of an upload, as state names it."""
    gallery_id: str | None = None
    """The live gallery that an item is created in."""
    sort_orders: Mapping[Address, float] = field(default_factory=dict)
    """What is created, each with the sort order that nothing else in its gallery has."""
    markers: Mapping[Address, tuple[str, ...]] = field(default_factory=dict)
    """What each created item can be told by, so that another that came to that sort order is not taken for it."""
    ids: tuple[str, ...] = ()
    """The live ids that are updated or deleted."""
    started_at: float = 0.0
    """When it is begun, in seconds since the epoch on this machine's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """What a step taught: the ids of what was made, the files that contents became, the live ids that are gone."""

    ids: Mapping[Address, str] = field(default_factory=dict)
    media: Mapping[str, str] = field(default_factory=dict)
    removed: tuple[str, ...] = ()


def encode_record(**members: object) -> bytes:
    """One record as a line, without its newline."""
    return json.dumps(members, separators=(",", ":")).encode()


def decode_record(line: bytes) -> Mapping[str, Any]:
    """The record on a line. Raises ValueError for anything else."""
    try:
        record = json.loads(line)
    except RecursionError:
        raise ValueError(f"{line[:40]!r} is nested too deep") from None
    if not isinstance(record, dict):
        raise ValueError(f"{line[:40]!r} is no record")  # noqa: TRY004 - told as StateError
    return record


def encode_intent(intent: Intent) -> dict[str, object]:
    """`intent` as JSON; `decode_intent` is the inverse."""
    return {
        "kind": intent.kind,
        "source": intent.source,
        "gallery_id": intent.gallery_id,
        "sort_orders": {str(address): order for address, order in intent.sort_orders.items()},
        "signs": {str(address): signs for address, signs in intent.markers.items()},
        "ids": intent.ids,
        "at": intent.started_at,
    }


def decode_intent(part: Mapping[str, Any]) -> Intent:
    """The intent in a record. Raises ValueError, KeyError, TypeError, AttributeError or OverflowError when there is none."""
    kind = part["kind"]
    if kind not in get_args(IntentKind):
        raise ValueError(f"{kind!r} is no kind of step")
    return Intent(
        kind=kind,
        source=_require_string(part["source"]),
        gallery_id=None if part["gallery_id"] is None else _require_string(part["gallery_id"]),
        sort_orders={Address.parse(address): _require_finite(order) for address, order in part["sort_orders"].items()},
        markers={Address.parse(address): tuple(map(str, signs)) for address, signs in part["signs"].items()},
        ids=tuple(map(_require_string, part["ids"])),
        started_at=_require_finite(part["at"]),
    )


def encode_result(result: StepResult) -> dict[str, object]:
    """`result` as JSON; `decode_result` is the inverse."""
    return {
        "ids": {str(address): id_ for address, id_ in result.ids.items()},
        "media": dict(result.media),
        "removed": result.removed,
    }


def decode_result(part: Mapping[str, Any]) -> StepResult:
    """The result in a record. Raises as `decode_intent` does."""
    return StepResult(
        ids={Address.parse(address): _require_string(id_) for address, id_ in part["ids"].items()},
        media={source: _require_string(id_) for source, id_ in part["media"].items()},
        removed=tuple(map(_require_string, part["removed"])),
    )


def _require_string(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no text")  # noqa: TRY004 - told as StateError
    return value


def _require_finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is no number")
    return number
