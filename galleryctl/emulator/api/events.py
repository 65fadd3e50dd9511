"""The domain events of a write; each function adds one to the outbox of the request."""

from __future__ import annotations

import json
import uuid
from typing import Any

from galleryctl.emulator.site import EmulatedSite

_GALLERY_FQDN = "wix.pro_gallery.v2.gallery"
_FILE_FQDN = "wix.media.site_media.v1.file_descriptor"
# The event type of a slug: the vendor's SDK and its descriptors name it differently.
_SDK_EVENT_TYPE = "wix.pro_gallery.gallery_v2_{slug}"
_DESCRIPTOR_EVENT_TYPE = "wix.pro_gallery.v2.gallery_{slug}"


def gallery_created(site: EmulatedSite, gallery: dict[str, Any]) -> None:
    """Add the creation of a gallery; `gallery` is without items."""
    _add_gallery_event(site, gallery["id"], "created", {"createdEvent": _event_body(site, "entity", gallery)})


def gallery_updated(site: EmulatedSite, gallery: dict[str, Any]) -> None:
    """Add the change of a gallery; `gallery` is without items."""
    _add_gallery_event(site, gallery["id"], "updated", {"updatedEvent": _event_body(site, "currentEntity", gallery)})


def gallery_deleted(site: EmulatedSite, ident: str) -> None:
    """Add the deletion of a gallery."""
    _add_gallery_event(site, ident, "deleted", {"deletedEvent": {}})


def item_created(site: EmulatedSite, gallery: str, item: dict[str, Any]) -> None:
    """Add the creation of an item."""
    _add_item_event(site, gallery, "created", {"item": item})


def item_updated(site: EmulatedSite, gallery: str, item: dict[str, Any]) -> None:
    """Add the change of an item."""
    _add_item_event(site, gallery, "updated", {"updatedItem": item})


def item_deleted(site: EmulatedSite, gallery: str, ident: str, origin: str = "") -> None:
    """Add the deletion of an item; `origin` is "Gallery Deleted" if its gallery was deleted."""
    _add_item_event(site, gallery, "deleted", {"itemId": ident}, origin)


def file_finished(site: EmulatedSite, file: dict[str, Any], external: Any, error: dict[str, Any] | None) -> None:
    """Add that a file became READY, or FAILED with `error`."""
    slug = "file_ready" if error is None else "file_failed"
    body: dict[str, Any] = {"file": file} if error is None else {"error": error}
    if external is not None:
        body["externalInfo"] = external
    event = {"actionEvent": _event_body(site, "body", body)}
    _append_event(site, _FILE_FQDN, file["id"], slug, event_type=f"{_FILE_FQDN}_{slug}", event=event)


def _event_body(site: EmulatedSite, name: str, value: dict[str, Any]) -> dict[str, Any]:
    if site.settings.webhook_bodies == "objects":
        return {name: value}
    return {f"{name}AsJson": json.dumps(value)}


def _add_item_event(site: EmulatedSite, gallery: str, verb: str, body: dict[str, Any], origin: str = "") -> None:
    event = {"actionEvent": _event_body(site, "body", body)}
    _add_gallery_event(site, gallery, f"gallery_item_{verb}", event, origin)


def _add_gallery_event(site: EmulatedSite, gallery: str, slug: str, event: dict[str, Any], origin: str = "") -> None:
    name = _SDK_EVENT_TYPE if site.settings.webhook_type_names == "sdk" else _DESCRIPTOR_EVENT_TYPE
    _append_event(site, _GALLERY_FQDN, gallery, slug, event_type=name.format(slug=slug), event=event, origin=origin)


def _append_event(
    site: EmulatedSite, fqdn: str, entity: str, slug: str, *, event_type: str, event: dict[str, Any], origin: str = ""
) -> None:
    domain_event = {
        "id": str(uuid.uuid4()),
        "entityFqdn": fqdn,
        "slug": slug,
        "entityId": entity,
        "eventTime": site.timestamp(),
        "triggeredByAnonymizeRequest": False,
        "originatedFrom": origin,
        "entityEventSequence": str(site.store.next_sequence(entity)),
        **event,
    }
    site.outbox.append({"eventType": event_type, "domainEvent": domain_event})
