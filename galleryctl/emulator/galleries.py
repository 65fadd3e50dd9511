"""The calls on galleries."""

from __future__ import annotations

import uuid
from typing import Any

from galleryctl.emulator import checks, events, items, ordering
from galleryctl.emulator.exchange import Answer, Call, ok
from galleryctl.emulator.media import has_media
from galleryctl.emulator.patching import patched
from galleryctl.emulator.rejection import Violation, invalid, not_found
from galleryctl.emulator.rendering import page, shown, shown_gallery, without_items
from galleryctl.emulator.site import Site
from galleryctl.emulator.store import dumped
from galleryctl.emulator.validation import (
    READ_ONLY_GALLERY,
    READ_ONLY_ITEM,
    gallery_violations,
    item_violations,
)


class Galleries:
    """Handlers of `…/galleries`."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def listed(self, call: Call) -> Answer:
        """List Galleries, by created date."""
        asked, wrong = checks.wholes(call, limit=(10, 1, 10), offset=(0, 0, checks.INT32), itemLimit=(10, 1, 100))
        checks.all_of(wrong)
        sql = "SELECT doc FROM galleries ORDER BY seq LIMIT ? OFFSET ?"
        docs = self.site.store.docs(sql, asked["limit"], asked["offset"])
        galleries = [
            without_items(self.site, doc) | {"items": page(self.site, doc["id"], 0, asked["itemLimit"])} for doc in docs
        ]
        total = self.site.store.count("SELECT COUNT(*) FROM galleries")
        return ok({"totalGalleries": total, "galleries": galleries})

    def get(self, call: Call) -> Answer:
        """Get Gallery, with a page of its items."""
        return ok({"gallery": shown_gallery(self.site, *items.paging(self.site, call))})

    def create(self, call: Call) -> Answer:
        """Create Gallery: with items inline, or as a clone."""
        body = call.json()
        checks.all_of(checks.mapping("gallery", body.get("gallery")))
        gallery = dict(body.get("gallery") or {})
        source = body.get("cloneFromGalleryId")
        inline = self._inline(gallery)
        with self.site.write():
            wrong = [*checks.guid("cloneFromGalleryId", source), *gallery_violations(gallery)]
            for index, item in enumerate(inline):
                wrong += item_violations(item, has_media(self.site), at=f"gallery.items[{index}]")
            checks.all_of(wrong)
            if source is not None:
                cloned, copies = self._cloned(source.lower())
                gallery, inline = cloned | gallery, inline or copies
            ident = self._insert(gallery)
            created = [
                items.insert(self.site, ident, item, at=f"gallery.items[{index}]") for index, item in enumerate(inline)
            ]
            doc = shown_gallery(self.site, ident, 0, 50)
            self._announce(doc, created)
        return ok({"gallery": doc})

    def _inline(self, gallery: dict[str, Any]) -> list[dict[str, Any]]:
        inline = gallery.pop("items", None)
        if inline is None:
            return []
        if not isinstance(inline, list) or not all(isinstance(item, dict) for item in inline):
            raise invalid(Violation("gallery.items", "must be an array of objects", "FORMAT"))
        return inline

    def _cloned(self, source: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        doc = self.site.store.doc("SELECT doc FROM galleries WHERE id = ?", source)
        if doc is None:
            raise not_found("Gallery", source)
        fresh = {*READ_ONLY_GALLERY, "sortOrder"}
        copies = self.site.store.docs("SELECT doc FROM items WHERE gallery = ? ORDER BY sort_order, seq", source)
        bare = [
            {name: value for name, value in item.items() if name not in (*READ_ONLY_ITEM, "sortOrder")}
            for item in copies
        ]
        return {name: value for name, value in doc.items() if name not in fresh}, bare

    def _insert(self, gallery: dict[str, Any]) -> str:
        given = gallery.get("sortOrder")
        ordering.demand_unique(self.site, "galleries", None, given, at="gallery.sortOrder")
        order = ordering.free(self.site, "galleries", None) if given is None else ordering.stored(self.site, given)
        kept = {name: value for name, value in gallery.items() if name not in READ_ONLY_GALLERY and value is not None}
        doc = {"id": str(uuid.uuid4())} | kept | {"sortOrder": order, "createdDate": self.site.now()}
        sql = "INSERT INTO galleries (id, sort_order, doc) VALUES (?, ?, ?)"
        self.site.store.db.execute(sql, (doc["id"], order, dumped(doc)))
        return str(doc["id"])

    def _announce(self, doc: dict[str, Any], created: list[dict[str, Any]]) -> None:
        events.gallery_created(self.site, {name: value for name, value in doc.items() if name != "items"})
        for item in created:
            events.item_created(self.site, doc["id"], shown(self.site, item))

    def update(self, call: Call) -> Answer:
        """Update Gallery: only what is sent changes."""
        patch = checks.part(call.json(), "gallery")
        wrong = [
            *checks.same("gallery.id", call.params["gallery"], patch.get("id")),
            *gallery_violations(patch),
        ]
        if "items" in patch and self.site.settings.patch_gallery_items == "reject":
            wrong.append(Violation("gallery.items", "cannot be updated with the gallery"))
        with self.site.write():
            ident = items.gallery_of(self.site, call, wrong)
            old = self.site.store.doc("SELECT doc FROM galleries WHERE id = ?", ident) or {}
            doc = patched(old, patch, read_only=(*READ_ONLY_GALLERY, "items"), nested=self.site.settings.nested_patch)
            self._place(doc, old, patch)
            sql = "UPDATE galleries SET sort_order = ?, doc = ? WHERE id = ?"
            self.site.store.db.execute(sql, (ordering.indexed(doc), dumped(doc), ident))
            events.gallery_updated(self.site, without_items(self.site, doc))
            return ok({"gallery": shown_gallery(self.site, ident, 0, 50)})

    def _place(self, doc: dict[str, Any], old: dict[str, Any], patch: dict[str, Any]) -> None:
        if patch.get("sortOrder") is not None:
            order, at = doc["sortOrder"], "gallery.sortOrder"
            ordering.demand_unique(self.site, "galleries", None, order, at=at, but=doc["id"])
            doc["sortOrder"] = ordering.stored(self.site, order)
        elif "sortOrder" in patch and "sortOrder" in old:
            doc["sortOrder"] = old["sortOrder"]  # a position cannot be taken away

    def delete(self, call: Call) -> Answer:
        """Delete Gallery, and its items with it."""
        with self.site.write():
            ident = items.gallery_of(self.site, call)
            gone = [row[0] for row in self.site.store.db.execute("SELECT id FROM items WHERE gallery = ?", (ident,))]
            self.site.store.db.execute("DELETE FROM items WHERE gallery = ?", (ident,))
            self.site.store.db.execute("DELETE FROM galleries WHERE id = ?", (ident,))
            for item in gone:
                events.item_deleted(self.site, ident, item, origin="Gallery Deleted")
            events.gallery_deleted(self.site, ident)
        return ok({"galleryId": ident})
