"""Events of the site, decoded from either format that Wix sends; unknown members and types are not errors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from galleryctl.events.rejection import malformed
from galleryctl.events.token import json_object

_TYPE_PREFIXES = ("wix.pro_gallery.gallery_v2_", "wix.pro_gallery.v2.gallery_")
"""Prefixes of type names: the SDK's, and that of older descriptors."""
_MAX_TEXT_LENGTH = 500
"""Characters of an id or a name; Wix's ids have 36."""
_MAX_SEQUENCE = 2**63 - 1
"""The largest sequence number; Wix sends 64 bits."""


class EventChange(StrEnum):
    """The six changes that Wix reports, as in `schemas/event.schema.json`."""

    GALLERY_CREATED = "gallery_created"
    GALLERY_UPDATED = "gallery_updated"
    GALLERY_DELETED = "gallery_deleted"
    ITEM_CREATED = "item_created"
    ITEM_UPDATED = "item_updated"
    ITEM_DELETED = "item_deleted"


_CHANGES = {
    "created": (EventChange.GALLERY_CREATED, "createdEvent", "entity"),
    "updated": (EventChange.GALLERY_UPDATED, "updatedEvent", "currentEntity"),
    "deleted": (EventChange.GALLERY_DELETED, "", ""),
    "gallery_item_created": (EventChange.ITEM_CREATED, "actionEvent", "item"),
    "gallery_item_updated": (EventChange.ITEM_UPDATED, "actionEvent", "updatedItem"),
    "gallery_item_deleted": (EventChange.ITEM_DELETED, "actionEvent", "itemId"),
}
"""By type name without its prefix: the change, the part of the event with its details, and their member there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event. `id` is its own id, `entity` the live id of its gallery, `raw` the event as received.

    `sequence` orders the events of one entity, None if Wix sent none; `time` is the text that Wix sent. `change` is
    None for an event of a type, or in a form, that this version does not support. `item` is the live id of the item,
    None for an event of a gallery. `document` is the item, or the gallery without items, after the change; empty if Wix
    did not send it.
    """

    id: str
    type: str
    entity: str
    time: str
    sequence: int | None
    origin: str
    raw: Mapping[str, Any]
    change: EventChange | None = None
    item: str | None = None
    document: Mapping[str, Any] = field(default_factory=dict)

    @property
    def gallery(self) -> str | None:
        """The live id of the gallery, None if the change is unknown."""
        return self.entity if self.change else None

    @property
    def subject(self) -> str:
        """The resource that `sequence` belongs to: the item for an item's event, though `entity` is its gallery."""
        if self.change is None:
            return f"{self.raw.get('entityFqdn') or self.type} {self.entity}"
        return f"gallery {self.entity}" if self.item is None else f"item {self.entity} {self.item}"


def decode_event(data: Mapping[str, Any]) -> Event:
    """Return the event in the claim `data` of a delivery.

    Raises RejectedDeliveryError if it is not an event. An event without an id gets a digest of its content as id, so
    that a repeated delivery has the same one.
    """
    domain = json_object(data.get("data"), "data.data")
    type_ = _short_text(data.get("eventType"), "eventType")
    entity = _short_text(domain.get("entityId"), "entityId")
    slug = next((type_.removeprefix(prefix) for prefix in _TYPE_PREFIXES if type_.startswith(prefix)), "")
    return Event(
        id=_short_text(domain.get("id"), "id") or _digest(data),
        type=type_,
        entity=entity,
        time=_short_text(domain.get("eventTime"), "eventTime"),
        sequence=_sequence(domain.get("entityEventSequence")),
        origin=_short_text(domain.get("originatedFrom"), "originatedFrom"),
        raw=domain,
        **(_decode_change(slug, domain) if entity else {}),
    )


def _decode_change(slug: str, domain: Mapping[str, Any]) -> dict[str, Any]:
    """Return `change`, `item` and `document` of an event; empty for an unknown type or without the details."""
    change, part, name = _CHANGES.get(slug, (None, "", ""))
    if change is None or change is EventChange.GALLERY_DELETED:
        return {"change": change}
    if change in (EventChange.GALLERY_CREATED, EventChange.GALLERY_UPDATED):
        document = _body(domain, part, name)
        return {} if document is None else {"change": change, "document": document}
    value = (_body(domain, part, "body") or {}).get(name)
    document = value if isinstance(value, dict) else {}
    item = value if change is EventChange.ITEM_DELETED else document.get("id")
    return {"change": change, "item": item, "document": document} if _is_id(item) else {}


def _body(domain: Mapping[str, Any], part: str, name: str) -> Mapping[str, Any] | None:
    """Return the object `name` in the event's `part`, or that of the JSON text `nameAsJson`; None without either."""
    holder = domain.get(part)
    if not isinstance(holder, dict):
        return None
    value = holder.get(name, holder.get(f"{name}AsJson"))
    return None if value is None else json_object(value, f"{part}.{name}")


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_TEXT_LENGTH and _is_encodable(value)


def _is_encodable(value: str) -> bool:
    """Return True if the text can be stored: a lone surrogate cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _short_text(value: object, name: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > _MAX_TEXT_LENGTH or not _is_encodable(value):
        raise malformed(f"{name} is not a string of at most {_MAX_TEXT_LENGTH} characters")
    return value


def _sequence(value: object) -> int | None:
    """Return a sequence number; 64-bit numbers may be JSON strings."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:  # noqa: PLR2004 - 64 bits
        value = int(value)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and isinstance(value, int) and 0 <= value <= _MAX_SEQUENCE else None


def _digest(data: Mapping[str, Any]) -> str:
    return f"sha256:{hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()}"
