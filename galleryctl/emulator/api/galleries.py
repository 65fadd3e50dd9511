"""The calls on galleries."""

from __future__ import annotations

import uuid
from typing import Any

from galleryctl.emulator.api import checks, events, items, ordering
from galleryctl.emulator.api.field_mask import apply_patch
from galleryctl.emulator.api.rejection import Violation, not_found, validation_error
from galleryctl.emulator.api.rendering import gallery_summary, items_page, render_gallery, render_item
from galleryctl.emulator.api.validation import (
    READ_ONLY_GALLERY_FIELDS,
    READ_ONLY_ITEM_FIELDS,
    gallery_violations,
    item_violations,
)
from galleryctl.emulator.http import ServedRequest, ServedResponse, json_response
from galleryctl.emulator.media.descriptors import make_has_media
from galleryctl.emulator.site import EmulatedSite
from galleryctl.emulator.store import dump_json


class GalleryHandlers:
    """Handlers of `…/galleries`."""

    def __init__(self, site: EmulatedSite) -> None:
        self.site = site

    def list_galleries(self, request: ServedRequest) -> ServedResponse:
        """List Galleries, by created date."""
        asked, wrong = checks.query_integers(
            request, limit=(10, 1, 10), offset=(0, 0, checks.MAX_INT32), itemLimit=(10, 1, 100)
        )
        checks.raise_violations(wrong)
        sql = "SELECT doc FROM galleries ORDER BY seq LIMIT ? OFFSET ?"
        docs = self.site.store.fetch_documents(sql, asked["limit"], asked["offset"])
        galleries = [
            gallery_summary(self.site, doc) | {"items": items_page(self.site, doc["id"], 0, asked["itemLimit"])}
            for doc in docs
        ]
        total = self.site.store.fetch_count("SELECT COUNT(*) FROM galleries")
        return json_response({"totalGalleries": total, "galleries": galleries})

    def get(self, request: ServedRequest) -> ServedResponse:
        """Get Gallery, with a page of its items."""
        return json_response({"gallery": render_gallery(self.site, *items.parse_item_paging(self.site, request))})

    def create(self, request: ServedRequest) -> ServedResponse:
        """Create Gallery: with items inline, or as a clone."""
        body = request.json()
        checks.raise_violations(checks.check_object("gallery", body.get("gallery")))
        gallery = dict(body.get("gallery") or {})
        source = body.get("cloneFromGalleryId")
        inline = self._take_inline_items(gallery)
        with self.site.transaction():
            wrong = [*checks.check_guid("cloneFromGalleryId", source), *gallery_violations(gallery)]
            for index, item in enumerate(inline):
                wrong += item_violations(item, make_has_media(self.site), at=f"gallery.items[{index}]")
            checks.raise_violations(wrong)
            if source is not None:
                cloned, copies = self._clone(source.lower())
                gallery, inline = cloned | gallery, inline or copies
            ident = self._insert(gallery)
            created = [
                items.insert_item(self.site, ident, item, at=f"gallery.items[{index}]")
                for index, item in enumerate(inline)
            ]
            doc = render_gallery(self.site, ident, 0, 50)
            self._emit_created(doc, created)
        return json_response({"gallery": doc})

    def _take_inline_items(self, gallery: dict[str, Any]) -> list[dict[str, Any]]:
        inline = gallery.pop("items", None)
        if inline is None:
            return []
        if not isinstance(inline, list) or not all(isinstance(item, dict) for item in inline):
            raise validation_error(Violation("gallery.items", "must be an array of objects", "FORMAT"))
        return inline

    def _clone(self, source: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        doc = self.site.store.fetch_document("SELECT doc FROM galleries WHERE id = ?", source)
        if doc is None:
            raise not_found("Gallery", source)
        fresh = {*READ_ONLY_GALLERY_FIELDS, "sortOrder"}
        copies = self.site.store.fetch_documents(
            "SELECT doc FROM items WHERE gallery = ? ORDER BY sort_order, seq", source
        )
        bare = [
            {name: value for name, value in item.items() if name not in (*READ_ONLY_ITEM_FIELDS, "sortOrder")}
            for item in copies
        ]
        return {name: value for name, value in doc.items() if name not in fresh}, bare

    def _insert(self, gallery: dict[str, Any]) -> str:
        given = gallery.get("sortOrder")
        ordering.require_unique_order(self.site, "galleries", None, given, at="gallery.sortOrder")
        order = (
            ordering.next_free_order(self.site, "galleries", None)
            if given is None
            else ordering.to_stored_order(self.site, given)
        )
        kept = {
            name: value for name, value in gallery.items() if name not in READ_ONLY_GALLERY_FIELDS and value is not None
        }
        doc = {"id": str(uuid.uuid4())} | kept | {"sortOrder": order, "createdDate": self.site.timestamp()}
        sql = "INSERT INTO galleries (id, sort_order, doc) VALUES (?, ?, ?)"
        self.site.store.db.execute(sql, (doc["id"], order, dump_json(doc)))
        return str(doc["id"])

    def _emit_created(self, doc: dict[str, Any], created: list[dict[str, Any]]) -> None:
        events.gallery_created(self.site, {name: value for name, value in doc.items() if name != "items"})
        for item in created:
            events.item_created(self.site, doc["id"], render_item(self.site, item))

    def update(self, request: ServedRequest) -> ServedResponse:
        """Update Gallery: only what is sent changes."""
        patch = checks.require_object(request.json(), "gallery")
        wrong = [
            *checks.check_same_id("gallery.id", request.path_params["gallery"], patch.get("id")),
            *gallery_violations(patch),
        ]
        if "items" in patch and self.site.settings.patch_gallery_items == "reject":
            wrong.append(Violation("gallery.items", "cannot be updated with the gallery"))
        with self.site.transaction():
            ident = items.require_gallery(self.site, request, wrong)
            old = self.site.store.fetch_document("SELECT doc FROM galleries WHERE id = ?", ident) or {}
            doc = apply_patch(
                old, patch, read_only=(*READ_ONLY_GALLERY_FIELDS, "items"), nested=self.site.settings.nested_patch
            )
            self._update_sort_order(doc, old, patch)
            sql = "UPDATE galleries SET sort_order = ?, doc = ? WHERE id = ?"
            self.site.store.db.execute(sql, (ordering.order_for_index(doc), dump_json(doc), ident))
            events.gallery_updated(self.site, gallery_summary(self.site, doc))
            return json_response({"gallery": render_gallery(self.site, ident, 0, 50)})

    def _update_sort_order(self, doc: dict[str, Any], old: dict[str, Any], patch: dict[str, Any]) -> None:
        if patch.get("sortOrder") is not None:
            order, at = doc["sortOrder"], "gallery.sortOrder"
            ordering.require_unique_order(self.site, "galleries", None, order, at=at, except_id=doc["id"])
            doc["sortOrder"] = ordering.to_stored_order(self.site, order)
        elif "sortOrder" in patch and "sortOrder" in old:
            doc["sortOrder"] = old["sortOrder"]  # a position cannot be taken away

    def delete(self, request: ServedRequest) -> ServedResponse:
        """Delete Gallery, and its items with it."""
        with self.site.transaction():
            ident = items.require_gallery(self.site, request)
            gone = [row[0] for row in self.site.store.db.execute("SELECT id FROM items WHERE gallery = ?", (ident,))]
            self.site.store.db.execute("DELETE FROM items WHERE gallery = ?", (ident,))
            self.site.store.db.execute("DELETE FROM galleries WHERE id = ?", (ident,))
            for item in gone:
                events.item_deleted(self.site, ident, item, origin="Gallery Deleted")
            events.gallery_deleted(self.site, ident)
        return json_response({"galleryId": ident})
