"""What a plan remembers of a live resource, to see later whether it is still the same."""

from __future__ import annotations

from galleryctl.model.fields import Json
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.media import HostedVideo, WixFile
from galleryctl.plan.file.canonical import digest

_RAW_MEMBERS = ("image", "video", "text", "link")
"""The API's nested objects: they hold what our fields do not show, such as a secondary file name."""


def fingerprint(resource: LiveItem | LiveGallery) -> str:
    """32 hex digits that change when anything does that a plan for `resource` was made from.

    Dates are left out, and so are a gallery's items: they have fingerprints of their own, unless they go with it.
    """
    seen: dict[str, Json] = {"fields": resource.fields, "sort_order": resource.sort_order}
    if isinstance(resource, LiveItem):
        seen["kind"] = resource.kind.value
        seen["media"] = _media_reference(resource.media)
        seen["raw"] = {name: resource.raw.get(name) for name in _RAW_MEMBERS}
    return digest(seen)[:32]


def fingerprint_with_items(gallery: LiveGallery) -> str:
    """32 hex digits that change when anything does that goes with the gallery when it is deleted, or when something comes."""
    items = {item.id: fingerprint(item) for item in gallery.loaded_items}
    return digest({"gallery": fingerprint(gallery), "items": items, "count": gallery.item_count})[:32]


def _media_reference(media: WixFile | HostedVideo | None) -> str | None:
    return media.id if isinstance(media, WixFile) else media.url if media else None
