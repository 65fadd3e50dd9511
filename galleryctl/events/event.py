"""What happened on the site, decoded from either envelope; nothing that the vendor may add is a failure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from galleryctl.events.refusal import Reason, RefusedDeliveryError
from galleryctl.events.token import json_object

PREFIXES = ("wix.pro_gallery.gallery_v2_", "wix.pro_gallery.v2.gallery_")
"""Of the type names: the SDK's, and that of older descriptors."""
LONGEST = 500
"""Characters of an id or a name; the vendor's ids have 36."""
_LARGEST = 2**63 - 1
"""Of a sequence number; the vendor's are 64 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event. `id` is its own, `entity` of what it is about; `raw` is all that came, as it came.

    `sequence` orders the events of one entity, None where the vendor gave none; `time` is the vendor's text.
    """

    id: str
    type: str
    entity: str
    time: str
    sequence: int | None
    origin: str
    raw: Mapping[str, Any]

    @property
    def gallery(self) -> str | None:
        """The live id of the gallery that is concerned."""
        return self.entity

    @property
    def item(self) -> str | None:
        """The live id of the item that is concerned, None for an event of a gallery."""
        return None

    @property
    def subject(self) -> str:
        """Whose sequence it belongs to: an item's events are its own, though `entity` is its gallery."""
        return f"gallery {self.entity}" if self.item is None else f"item {self.entity} {self.item}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryCreated(Event):
    """A gallery was made; `document` has no items."""

    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryUpdated(Event):
    """A gallery was changed; `document` is what it is now, without items."""

    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryDeleted(Event):
    """A gallery is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _ItemEvent(Event):
    item_id: str

    @property
    def item(self) -> str | None:
        """The live id of the item."""
        return self.item_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemCreated(_ItemEvent):
    """An item was made."""

    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemUpdated(_ItemEvent):
    """An item was changed; `document` is what it is now."""

    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDeleted(_ItemEvent):
    """An item is gone; with its gallery, when `origin` is "Gallery Deleted"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown(Event):
    """An event of a type, or in a form, that this version does not know."""

    @property
    def gallery(self) -> str | None:
        """None: what it is about is not known."""
        return None

    @property
    def subject(self) -> str:
        """The entity, with the kind of entity where it is told."""
        return f"{self.raw.get('entityFqdn') or self.type} {self.entity}"


def decode(data: Mapping[str, Any]) -> Event:
    """The event in the claim `data` of a delivery.

    Raises RefusedDeliveryError for one that is no event at all. One without an id gets one from what it says, so that
    a repeat has the same.
    """
    domain = json_object(data.get("data"), "data.data")
    kind = _word(data.get("eventType"), "eventType")
    common: dict[str, Any] = {
        "id": _word(domain.get("id"), "id") or _digest(data),
        "type": kind,
        "entity": _word(domain.get("entityId"), "entityId"),
        "time": _word(domain.get("eventTime"), "eventTime"),
        "sequence": _sequence(domain.get("entityEventSequence")),
        "origin": _word(domain.get("originatedFrom"), "originatedFrom"),
        "raw": domain,
    }
    slug = next((kind.removeprefix(prefix) for prefix in PREFIXES if kind.startswith(prefix)), "")
    known = _KINDS.get(slug) if common["entity"] else None
    event = known(common, domain) if known else None
    return event or Unknown(**common)


def _gallery_created(common: dict[str, Any], domain: Mapping[str, Any]) -> Event | None:
    document = _body(domain, "createdEvent", "entity")
    return None if document is None else GalleryCreated(**common, document=document)


def _gallery_updated(common: dict[str, Any], domain: Mapping[str, Any]) -> Event | None:
    document = _body(domain, "updatedEvent", "currentEntity")
    return None if document is None else GalleryUpdated(**common, document=document)


def _gallery_deleted(common: dict[str, Any], _domain: Mapping[str, Any]) -> Event | None:
    return GalleryDeleted(**common)


def _item_created(common: dict[str, Any], domain: Mapping[str, Any]) -> Event | None:
    document = _item(domain, "item")
    return None if document is None else ItemCreated(**common, item_id=document["id"], document=document)


def _item_updated(common: dict[str, Any], domain: Mapping[str, Any]) -> Event | None:
    document = _item(domain, "updatedItem")
    return None if document is None else ItemUpdated(**common, item_id=document["id"], document=document)


def _item_deleted(common: dict[str, Any], domain: Mapping[str, Any]) -> Event | None:
    ident = (_body(domain, "actionEvent", "body") or {}).get("itemId")
    return ItemDeleted(**common, item_id=ident) if _is_id(ident) else None


_KINDS: Mapping[str, Callable[[dict[str, Any], Mapping[str, Any]], Event | None]] = {
    "created": _gallery_created,
    "updated": _gallery_updated,
    "deleted": _gallery_deleted,
    "gallery_item_created": _item_created,
    "gallery_item_updated": _item_updated,
    "gallery_item_deleted": _item_deleted,
}


def _item(domain: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """The item in the body of an event, None when there is none that has an id."""
    item = (_body(domain, "actionEvent", "body") or {}).get(name)
    return item if isinstance(item, dict) and _is_id(item.get("id")) else None


def _body(domain: Mapping[str, Any], part: str, name: str) -> Mapping[str, Any] | None:
    """The object `name` of the event's `part`, or that of the JSON text beside it; None when neither is there."""
    holder = domain.get(part)
    if not isinstance(holder, dict):
        return None
    value = holder.get(name, holder.get(f"{name}AsJson"))
    return None if value is None else json_object(value, f"{part}.{name}")


def _is_id(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= LONGEST and _is_text(value)


def _is_text(value: str) -> bool:
    """Whether it can be stored: half of a surrogate pair cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _word(value: object, name: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > LONGEST or not _is_text(value):
        raise RefusedDeliveryError(Reason.MALFORMED, f"{name} is no text of at most {LONGEST} characters")
    return value


def _sequence(value: object) -> int | None:
    """A sequence number, which JSON of 64-bit numbers has as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:  # noqa: PLR2004 - 64 bits
        value = int(value)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and isinstance(value, int) and 0 <= value <= _LARGEST else None


def _digest(data: Mapping[str, Any]) -> str:
    return f"sha256:{hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()}"
