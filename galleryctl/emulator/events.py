"""The domain events of a write, put into the outbox of the request."""

from __future__ import annotations

import json
import uuid
from typing import Any

from galleryctl.emulator.site import Site

GALLERY_FQDN = "wix.pro_gallery.v2.gallery"
FILE_FQDN = "wix.media.site_media.v1.file_descriptor"
# slug -> the event's name in the vendor's SDK; the descriptors name it FQDN's package + `gallery_` + slug
GALLERY_TYPE = "wix.pro_gallery.gallery_v2_{slug}"
DESCRIPTOR_TYPE = "wix.pro_gallery.v2.gallery_{slug}"


def gallery_created(site: Site, gallery: dict[str, Any]) -> None:
    """A gallery, without items, was created."""
    _add(site, gallery["id"], "created", {"createdEvent": _body(site, "entity", gallery)})


def gallery_updated(site: Site, gallery: dict[str, Any]) -> None:
    """A gallery, without items, was changed."""
    _add(site, gallery["id"], "updated", {"updatedEvent": _body(site, "currentEntity", gallery)})


def gallery_deleted(site: Site, ident: str) -> None:
    """A gallery is gone."""
    _add(site, ident, "deleted", {"deletedEvent": {}})


def item_created(site: Site, gallery: str, item: dict[str, Any]) -> None:
    """An item was created."""
    _add(site, gallery, "gallery_item_created", {"actionEvent": _body(site, "body", {"item": item})})


def item_updated(site: Site, gallery: str, item: dict[str, Any]) -> None:
    """An item was changed."""
    _add(site, gallery, "gallery_item_updated", {"actionEvent": _body(site, "body", {"updatedItem": item})})


def item_deleted(site: Site, gallery: str, ident: str, origin: str = "") -> None:
    """An item is gone; `origin` is "Gallery Deleted" when its gallery went."""
    event = {"actionEvent": _body(site, "body", {"itemId": ident})}
    _add(site, gallery, "gallery_item_deleted", event, origin)


def file_settled(site: Site, file: dict[str, Any], external: Any, error: dict[str, Any] | None) -> None:
    """A file became READY, or FAILED with `error`."""
    slug = "file_ready" if error is None else "file_failed"
    body: dict[str, Any] = {"file": file} if error is None else {"error": error}
    if external is not None:
        body["externalInfo"] = external
    event = {"actionEvent": _body(site, "body", body)}
    _put(site, FILE_FQDN, file["id"], slug, event_type=f"{FILE_FQDN}_{slug}", event=event)


def _body(site: Site, name: str, value: dict[str, Any]) -> dict[str, Any]:
    if site.settings.webhook_bodies == "objects":
        return {name: value}
    return {f"{name}AsJson": json.dumps(value)}


def _add(site: Site, gallery: str, slug: str, event: dict[str, Any], origin: str = "") -> None:
    name = GALLERY_TYPE if site.settings.webhook_type_names == "sdk" else DESCRIPTOR_TYPE
    _put(site, GALLERY_FQDN, gallery, slug, event_type=name.format(slug=slug), event=event, origin=origin)


def _put(
    site: Site, fqdn: str, entity: str, slug: str, *, event_type: str, event: dict[str, Any], origin: str = ""
) -> None:
    domain_event = {
        "id": str(uuid.uuid4()),
        "entityFqdn": fqdn,
        "slug": slug,
        "entityId": entity,
        "eventTime": site.now(),
        "triggeredByAnonymizeRequest": False,
        "originatedFrom": origin,
        "entityEventSequence": str(site.store.next_sequence(entity)),
        **event,
    }
    site.outbox.append({"eventType": event_type, "domainEvent": domain_event})
