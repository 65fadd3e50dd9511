"""What happened on the site, decoded from either envelope; nothing that the vendor may add is a failure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from galleryctl.events.rejection import RejectedDeliveryError, RejectionReason
from galleryctl.events.token import json_object

_TYPE_PREFIXES = ("wix.pro_gallery.gallery_v2_", "wix.pro_gallery.v2.gallery_")
"""Of the type names: the SDK's, and that of older descriptors."""
_MAX_TEXT_LENGTH = 500
"""Characters of an id or a name; the vendor's ids have 36."""
_MAX_SEQUENCE = 2**63 - 1
"""Of a sequence number; the vendor's are 64 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event. `id` is its own, `entity` of what it is about; `raw` is all that came, as it came.

    `sequence` orders the events of one entity, None where the vendor gave none; `time` is the vendor's text. `item`
    is the live id of the item that is concerned, None for an event of a gallery; `document` is what that or the
    gallery is now, a gallery without its items, and empty where the vendor does not send it.
    """

    id: str
    type: str
    entity: str
    time: str
    sequence: int | None
    origin: str
    raw: Mapping[str, Any]
    item: str | None = None
    document: Mapping[str, Any] = field(default_factory=dict)

    @property
    def gallery(self) -> str | None:
        """The live id of the gallery that is concerned."""
        return self.entity

    @property
    def subject(self) -> str:
        """Whose sequence it belongs to: an item's events are its own, though `entity` is its gallery."""
        return f"gallery {self.entity}" if self.item is None else f"item {self.entity} {self.item}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryCreated(Event):
    """A gallery was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryUpdated(Event):
    """A gallery was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryDeleted(Event):
    """A gallery is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemCreated(Event):
    """An item was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemUpdated(Event):
    """An item was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDeleted(Event):
    """An item is gone; with its gallery, when `origin` is "Gallery Deleted"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownEvent(Event):
    """An event of a type, or in a form, that this version does not know."""

    @property
    def gallery(self) -> str | None:
        """None: what it is about is not known."""
        return None

    @property
    def subject(self) -> str:
        """The entity, with the kind of entity where it is told."""
        return f"{self.raw.get('entityFqdn') or self.type} {self.entity}"


def decode_event(data: Mapping[str, Any]) -> Event:
    """The event in the claim `data` of a delivery.

    Raises RefusedDeliveryError for one that is no event at all. One without an id gets one from what it says, so that
    a repeat has the same.
    """
    domain = json_object(data.get("data"), "data.data")
    kind = _short_text(data.get("eventType"), "eventType")
    common: dict[str, Any] = {
        "id": _short_text(domain.get("id"), "id") or _digest(data),
        "type": kind,
        "entity": _short_text(domain.get("entityId"), "entityId"),
        "time": _short_text(domain.get("eventTime"), "eventTime"),
        "sequence": _sequence(domain.get("entityEventSequence")),
        "origin": _short_text(domain.get("originatedFrom"), "originatedFrom"),
        "raw": domain,
    }
    slug = next((kind.removeprefix(prefix) for prefix in _TYPE_PREFIXES if kind.startswith(prefix)), "")
    event = _known_event(slug, common, domain) if common["entity"] else None
    return event or UnknownEvent(**common)


def _known_event(slug: str, common: dict[str, Any], domain: Mapping[str, Any]) -> Event | None:
    """One of the six events, None when it is another, or its body is not there."""
    match slug:
        case "created":
            return _gallery_event(GalleryCreated, common, _body(domain, "createdEvent", "entity"))
        case "updated":
            return _gallery_event(GalleryUpdated, common, _body(domain, "updatedEvent", "currentEntity"))
        case "deleted":
            return GalleryDeleted(**common)
        case _:
            return _known_item_event(slug, common, domain)


def _known_item_event(slug: str, common: dict[str, Any], domain: Mapping[str, Any]) -> Event | None:
    match slug:
        case "gallery_item_created":
            return _item_event(ItemCreated, common, _action_value(domain, "item"))
        case "gallery_item_updated":
            return _item_event(ItemUpdated, common, _action_value(domain, "updatedItem"))
        case "gallery_item_deleted":
            ident = _action_value(domain, "itemId")
            return ItemDeleted(**common, item=ident) if _is_id(ident) else None
    return None


def _gallery_event(kind: type[Event], common: dict[str, Any], document: Mapping[str, Any] | None) -> Event | None:
    return None if document is None else kind(**common, document=document)


def _item_event(kind: type[Event], common: dict[str, Any], document: object) -> Event | None:
    """None when the item has no id."""
    if not isinstance(document, dict) or not _is_id(document.get("id")):
        return None
    return kind(**common, item=document["id"], document=document)


def _action_value(domain: Mapping[str, Any], name: str) -> object:
    """What the body of an item's event has under that name."""
    return (_body(domain, "actionEvent", "body") or {}).get(name)


def _body(domain: Mapping[str, Any], part: str, name: str) -> Mapping[str, Any] | None:
    """The object `name` of the event's `part`, or that of the JSON text beside it; None when neither is there."""
    holder = domain.get(part)
    if not isinstance(holder, dict):
        return None
    value = holder.get(name, holder.get(f"{name}AsJson"))
    return None if value is None else json_object(value, f"{part}.{name}")


def _is_id(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= _MAX_TEXT_LENGTH and _is_encodable(value)


def _is_encodable(value: str) -> bool:
    """Whether it can be stored: half of a surrogate pair cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _short_text(value: object, name: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > _MAX_TEXT_LENGTH or not _is_encodable(value):
        raise RejectedDeliveryError(
            RejectionReason.MALFORMED, f"{name} is no text of at most {_MAX_TEXT_LENGTH} characters"
        )
    return value


def _sequence(value: object) -> int | None:
    """A sequence number, which JSON of 64-bit numbers has as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:  # noqa: PLR2004 - 64 bits
        value = int(value)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and isinstance(value, int) and 0 <= value <= _MAX_SEQUENCE else None


def _digest(data: Mapping[str, Any]) -> str:
    return f"sha256:{hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()}"
