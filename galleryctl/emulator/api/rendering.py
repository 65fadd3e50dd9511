"""Galleries and items as the API returns them."""

from __future__ import annotations

from typing import Any

from galleryctl.emulator.api.rejection import not_found
from galleryctl.emulator.site import EmulatedSite


def render_item(site: EmulatedSite, doc: dict[str, Any]) -> dict[str, Any]:
    """Return an item as the API does: an image without a URL gets the URL of its file."""
    image = doc.get("image")
    info = image.get("imageInfo") if isinstance(image, dict) else None
    if not isinstance(image, dict) or not isinstance(info, dict) or "url" in info or not info.get("id"):
        return doc
    return doc | {"image": image | {"imageInfo": info | {"url": site.media_url(info["id"])}}}


def items_page(site: EmulatedSite, gallery: str, offset: int, limit: int) -> list[dict[str, Any]]:
    """Return at most `limit` items of a gallery from `offset` on, in the order that the switch sets."""
    direction = "DESC" if site.settings.item_order == "descending" else "ASC"
    sql = f"SELECT doc FROM items WHERE gallery = ? ORDER BY sort_order {direction}, seq {direction} LIMIT ? OFFSET ?"  # noqa: S608
    return [render_item(site, doc) for doc in site.store.fetch_documents(sql, gallery, limit, offset)]


def render_gallery(site: EmulatedSite, ident: str, offset: int, limit: int) -> dict[str, Any]:
    """Return a gallery with `totalItems` and a page of its items; raises a 404 if it does not exist."""
    doc = site.store.fetch_document("SELECT doc FROM galleries WHERE id = ?", ident)
    if doc is None:
        raise not_found("Gallery", ident)
    return gallery_summary(site, doc) | {"items": items_page(site, ident, offset, limit)}


def gallery_summary(site: EmulatedSite, doc: dict[str, Any]) -> dict[str, Any]:
    """Return a gallery with `totalItems` but without items, as in a webhook."""
    total = site.store.fetch_count("SELECT COUNT(*) FROM items WHERE gallery = ?", doc["id"])
    return doc | {"totalItems": total}
