"""The calls on galleries; each docstring opens with the vendor's name of the call."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from galleryctl.emulator.api import checks, events, items, ordering
from galleryctl.emulator.api.field_mask import apply_patch
from galleryctl.emulator.api.rejection import Violation, not_found, validation_error
from galleryctl.emulator.api.rendering import gallery_summary, items_page, render_gallery, render_item
from galleryctl.emulator.api.rewriting import WrittenDocument, answer_write, keep_unwritten, rewrite_document
from galleryctl.emulator.api.validation import (
    READ_ONLY_GALLERY_FIELDS,
    READ_ONLY_ITEM_FIELDS,
    gallery_violations,
    item_violations,
)
from galleryctl.emulator.http import ServedRequest, ServedResponse, json_response
from galleryctl.emulator.media.descriptors import make_has_media
from galleryctl.emulator.site import EmulatedSite


class GalleryHandlers:
    """Handlers of `…/galleries`."""

    def __init__(self, site: EmulatedSite) -> None:
        self.site = site

    def list_galleries(self, request: ServedRequest) -> ServedResponse:
        """List Galleries: sorted by creation."""
        limits = {"limit": (10, 1, 10), "offset": (0, 0, checks.MAX_INT32), "itemLimit": (10, 1, 100)}
        paging, violations = checks.query_integers(request, **limits)
        checks.raise_violations(violations)
        sql = "SELECT doc FROM galleries ORDER BY seq LIMIT ? OFFSET ?"
        docs = self.site.store.fetch_documents(sql, paging["limit"], paging["offset"])
        galleries = [
            gallery_summary(self.site, doc) | {"items": items_page(self.site, doc["id"], 0, paging["itemLimit"])}
            for doc in docs
        ]
        total = self.site.store.fetch_count("SELECT COUNT(*) FROM galleries")
        return json_response({"totalGalleries": total, "galleries": galleries})

    def get(self, request: ServedRequest) -> ServedResponse:
        """Get Gallery: with a page of its items."""
        return json_response({"gallery": render_gallery(self.site, *items.parse_item_paging(self.site, request))})

    def create(self, request: ServedRequest) -> ServedResponse:
        """Create Gallery: with inline items, or as a clone."""
        body = request.json()
        checks.raise_violations(checks.check_object("gallery", body.get("gallery")))
        gallery = dict(body.get("gallery") or {})
        source = body.get("cloneFromGalleryId")
        inline = self._take_inline_items(gallery)
        with self.site.transaction():
            violations = [*checks.check_guid("cloneFromGalleryId", source), *gallery_violations(gallery)]
            for index, item in enumerate(inline):
                violations += item_violations(item, make_has_media(self.site), at=f"gallery.items[{index}]")
            checks.raise_violations(violations)
            if source is not None:
                cloned, copies = self._clone(source.lower())
                gallery, inline = cloned | gallery, inline or copies
            own = self._insert(gallery)
            ident = own.stored["id"]
            written = [
                items.insert_item(self.site, ident, item, at=f"gallery.items[{index}]")
                for index, item in enumerate(inline)
            ]
            doc = render_gallery(self.site, ident, 0, 50)
            events.gallery_created(self.site, {name: value for name, value in doc.items() if name != "items"})
            for created in written:
                events.item_created(self.site, ident, render_item(self.site, created.stored))
        answers = {created.stored["id"]: render_item(self.site, created.answered) for created in written}
        shown = [answers[item["id"]] for item in doc["items"]]
        return json_response({"gallery": own.answered | {"totalItems": doc["totalItems"], "items": shown}})

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
        sql = "SELECT doc FROM items WHERE gallery = ? ORDER BY sort_order, seq"
        copies = [
            {name: value for name, value in item.items() if name not in (*READ_ONLY_ITEM_FIELDS, "sortOrder")}
            for item in self.site.store.fetch_documents(sql, source)
        ]
        assigned = (*READ_ONLY_GALLERY_FIELDS, "sortOrder")
        return {name: value for name, value in doc.items() if name not in assigned}, copies

    def _insert(self, gallery: dict[str, Any]) -> WrittenDocument:
        read_only = READ_ONLY_GALLERY_FIELDS
        sent = {name: value for name, value in gallery.items() if name not in read_only and value is not None}
        doc = keep_unwritten(self.site.settings, "gallery", None, sent)
        order = ordering.order_for_new(self.site, None, doc.get("sortOrder"), at="gallery.sortOrder")
        assigned = {"sortOrder": order, "createdDate": self.site.timestamp()}
        doc = {"id": str(uuid.uuid4())} | rewrite_document(doc, self.site.settings) | assigned
        ordering.save_ordered(self.site, None, doc)
        return answer_write(self.site.settings, doc, sent, read_only)

    def update(self, request: ServedRequest) -> ServedResponse:
        """Update Gallery: only the fields in the request change."""
        patch = checks.require_object(request.json(), "gallery")
        violations = [
            *checks.check_same_id("gallery.id", request.path_params["gallery"], patch.get("id")),
            *gallery_violations(patch),
        ]
        if "items" in patch and self.site.settings.patch_gallery_items == "reject":
            violations.append(Violation("gallery.items", "cannot be updated with the gallery"))
        with self.site.transaction():
            ident = items.require_gallery(self.site, request, violations)
            old = self.site.store.fetch_document("SELECT doc FROM galleries WHERE id = ?", ident) or {}
            written = self._apply_patch(old, patch)
            ordering.save_ordered(self.site, None, written.stored)
            events.gallery_updated(self.site, gallery_summary(self.site, written.stored))
            shown = render_gallery(self.site, ident, 0, 50)
        shown = written.answered | {name: shown[name] for name in ("totalItems", "items")}
        return json_response({"gallery": shown})

    def _apply_patch(self, old: dict[str, Any], patch: dict[str, Any]) -> WrittenDocument:
        settings, read_only = self.site.settings, (*READ_ONLY_GALLERY_FIELDS, "items")
        apply = partial(apply_patch, old, read_only=read_only, nested=settings.nested_patch)
        doc = keep_unwritten(settings, "gallery", old, apply(rewrite_document(patch, settings)))
        ordering.patch_order(self.site, None, doc, old, patch)
        return answer_write(settings, doc, apply(patch), read_only)

    def delete(self, request: ServedRequest) -> ServedResponse:
        """Delete Gallery: with its items."""
        with self.site.transaction():
            ident = items.require_gallery(self.site, request)
            deleted = [row[0] for row in self.site.store.db.execute("SELECT id FROM items WHERE gallery = ?", (ident,))]
            self.site.store.db.execute("DELETE FROM items WHERE gallery = ?", (ident,))
            self.site.store.db.execute("DELETE FROM galleries WHERE id = ?", (ident,))
            for item in deleted:
                events.item_deleted(self.site, ident, item, origin="Gallery Deleted")
            events.gallery_deleted(self.site, ident)
        return json_response({"galleryId": ident})
