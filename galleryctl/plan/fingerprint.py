"""Hashes of live resources: fingerprints, by which an apply detects changes, and digests of what a person sees."""

from __future__ import annotations

from galleryctl.model.fields import Json
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.plan.file.canonical import digest
from galleryctl.plan.identity.evidence import media_reference

_RAW_MEMBERS = ("image", "video", "text", "link")
"""The API's nested objects: they also hold values without a field in galleryctl, such as a secondary file name."""


def fingerprint(resource: LiveItem | LiveGallery) -> str:
    """Return 32 hex digits of a hash of everything in `resource` that a plan depends on.

    Dates are excluded, and so are the items of a gallery, which have fingerprints of their own.
    """
    content: dict[str, Json] = {"fields": resource.fields, "sort_order": resource.sort_order}
    if isinstance(resource, LiveItem):
        content["kind"] = resource.kind.value
        content["media"] = media_reference(resource.media)
        content["raw"] = {name: resource.raw.get(name) for name in _RAW_MEMBERS}
    return digest(content)[:32]


def fingerprint_with_items(gallery: LiveGallery) -> str:
    """Return 32 hex digits of a hash of the gallery and its items, all of which a delete of the gallery removes."""
    items = {item.id: fingerprint(item) for item in gallery.loaded_items}
    return digest({"gallery": fingerprint(gallery), "items": items, "count": gallery.item_count})[:32]


def content_digest(resource: LiveItem | LiveGallery) -> str:
    """Return 32 hex digits of a hash of what a person sees of the resource; of a gallery, with its items in any order.

    Unlike a fingerprint, it covers no ids of resources, no sort orders and no values without a field.
    """
    content: dict[str, Json] = {"fields": resource.fields}
    if isinstance(resource, LiveItem):
        content |= {"kind": resource.kind.value, "media": media_reference(resource.media)}
    else:
        content |= {"items": sorted(map(content_digest, resource.loaded_items)), "count": resource.item_count}
    return digest(content)[:32]
