"""The calls on the items of a gallery."""

from __future__ import annotations

import uuid
from typing import Any

from galleryctl.emulator import checks, events, ordering
from galleryctl.emulator.exchange import Answer, Call, ok
from galleryctl.emulator.media import has_media
from galleryctl.emulator.patching import patched
from galleryctl.emulator.rejection import Violation, not_found
from galleryctl.emulator.rendering import page, shown, shown_gallery
from galleryctl.emulator.site import Site
from galleryctl.emulator.store import dumped
from galleryctl.emulator.validation import KINDS, READ_ONLY_ITEM, item_violations, kind_of, video_type


def paging(site: Site, call: Call) -> tuple[str, int, int]:
    """The gallery's id from the path, `itemOffset` and `itemLimit` of a request."""
    limits = {"itemOffset": (0, 0, checks.INT32), "itemLimit": (50, 1, site.settings.item_limit_max)}
    asked, wrong = checks.wholes(call, **limits)
    return gallery_of(site, call, wrong), asked["itemOffset"], asked["itemLimit"]


def gallery_of(site: Site, call: Call, wrong: checks.Found = ()) -> str:
    """The gallery's id from the path, of a gallery that exists; 400 with what else is `wrong`, or 404."""
    ident = call.params["gallery"].lower()
    repeated = checks.same("galleryId", ident, call.first("galleryId"))
    checks.all_of([*checks.guid("galleryId", ident), *repeated, *wrong])
    if not site.store.count("SELECT COUNT(*) FROM galleries WHERE id = ?", ident):
        raise not_found("Gallery", ident)
    return ident


def insert(site: Site, gallery: str, item: dict[str, Any], *, at: str) -> dict[str, Any]:
    """Store one new item that was checked, with its id, dates and sort order."""
    ordering.demand_unique(site, "items", gallery, item.get("sortOrder"), at=f"{at}.sortOrder")
    now = site.now()
    doc = {name: value for name, value in item.items() if name not in READ_ONLY_ITEM and value is not None}
    given = item.get("sortOrder")
    order = ordering.free(site, "items", gallery) if given is None else ordering.stored(site, given)
    doc |= {"id": str(uuid.uuid4()), "sortOrder": order, "createdDate": now, "updatedDate": now}
    doc = with_type(doc)
    _store_new(site, gallery, doc)
    return doc


def with_type(doc: dict[str, Any]) -> dict[str, Any]:
    """The item with `type`, and its video with a type, both derived from the media."""
    kind = kind_of(doc)
    if kind is not None:
        doc = doc | {"type": kind.upper()}
    video = doc.get("video")
    if isinstance(video, dict) and video.get("type") in (None, "UNDEFINED"):
        doc = doc | {"video": video | {"type": video_type(video.get("videoInfo") or {})}}
    return doc


def _store_new(site: Site, gallery: str, doc: dict[str, Any]) -> None:
    sql = "INSERT INTO items (gallery, id, sort_order, doc) VALUES (?, ?, ?, ?)"
    site.store.db.execute(sql, (gallery, doc["id"], doc["sortOrder"], dumped(doc)))


class Items:
    """Handlers of `…/galleries/{galleryId}/items`."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def listed(self, call: Call) -> Answer:
        """List Gallery Items."""
        gallery, offset, limit = paging(self.site, call)
        return ok({"items": page(self.site, gallery, offset, limit)})

    def get(self, call: Call) -> Answer:
        """Get Gallery Item."""
        gallery, ident = self._ids(call)
        return ok({"item": shown(self.site, self._doc(gallery, ident))})

    def create(self, call: Call) -> Answer:
        """Create Gallery Item."""
        body = call.json()
        item = checks.part(body, "item")
        wrong = [*checks.same("galleryId", call.params["gallery"], body.get("galleryId"))]
        with self.site.write():
            gallery = gallery_of(self.site, call, [*wrong, *item_violations(item, has_media(self.site))])
            doc = insert(self.site, gallery, item, at="item")
            events.item_created(self.site, gallery, shown(self.site, doc))
        return ok({"item": shown(self.site, doc)})

    def update(self, call: Call) -> Answer:
        """Update Gallery Item: only what is sent changes; the kind of media cannot."""
        body = call.json()
        patch = checks.part(body, "item")
        wrong = [
            *checks.same("galleryId", call.params["gallery"], body.get("galleryId")),
            *checks.same("item.id", call.params["item"], patch.get("id")),
        ]
        with self.site.write():
            gallery, ident = self._ids(call, wrong)
            doc = self._changed(gallery, ident, patch)
            sql = "UPDATE items SET sort_order = ?, doc = ? WHERE gallery = ? AND id = ?"
            self.site.store.db.execute(sql, (ordering.indexed(doc), dumped(doc), gallery, ident))
            events.item_updated(self.site, gallery, shown(self.site, doc))
        return ok({"item": shown(self.site, doc)})

    def _changed(self, gallery: str, ident: str, patch: dict[str, Any]) -> dict[str, Any]:
        old = self._doc(gallery, ident)
        nested = self.site.settings.nested_patch
        doc = patched(old, patch, read_only=READ_ONLY_ITEM, nested=nested)
        kind = kind_of(old)
        other = [name for name in KINDS if kind and name != kind and patch.get(name) is not None]
        wrong = [Violation(f"item.{name}", f"a {kind} item cannot become another kind") for name in other]
        only = set(patch) - {*READ_ONLY_ITEM, *(KINDS if other else ())}
        checks.all_of([*wrong, *item_violations(doc, has_media(self.site), only=only, old=old)])
        if patch.get("sortOrder") is not None:
            at = "item.sortOrder"
            ordering.demand_unique(self.site, "items", gallery, doc["sortOrder"], at=at, but=ident)
            doc["sortOrder"] = ordering.stored(self.site, doc["sortOrder"])
        elif "sortOrder" in patch and "sortOrder" in old:
            doc["sortOrder"] = old["sortOrder"]  # a position cannot be taken away
        return with_type(doc) | {"updatedDate": self.site.now()}

    def delete(self, call: Call) -> Answer:
        """Delete Gallery Item."""
        with self.site.write():
            gallery, ident = self._ids(call)
            self._doc(gallery, ident)
            self._remove(gallery, [ident])
        return ok({"itemId": ident})

    def bulk_delete(self, call: Call) -> Answer:
        """Bulk Delete Gallery Items: answers the ids that were there."""
        body = call.json()
        wrong = [
            *checks.same("galleryId", call.params["gallery"], body.get("galleryId")),
            *checks.guid_list("itemIds", body.get("itemIds"), low=1, high=1000),
        ]
        with self.site.write():
            gallery = gallery_of(self.site, call, wrong)
            if self.site.settings.bulk_delete_unknown == "reject":
                for ident in body["itemIds"]:
                    self._doc(gallery, ident.lower())
            return ok({"itemIds": self._remove(gallery, body["itemIds"])})

    def delete_many(self, call: Call) -> Answer:
        """Delete Gallery Items: deprecated; `itemsIds` in the query or the body; answers the gallery."""
        given: Any = [part for value in call.query.get("itemsIds", []) for part in value.split(",")]
        given = given or call.json().get("itemsIds")
        with self.site.write():
            wrong = checks.guid_list("itemsIds", given, low=1, high=1000)
            gallery = gallery_of(self.site, call, wrong)
            self._remove(gallery, given)
        return ok({"gallery": shown_gallery(self.site, gallery, 0, 50)})

    def _ids(self, call: Call, wrong: checks.Found = ()) -> tuple[str, str]:
        ident = call.params["item"].lower()
        repeated = checks.same("itemId", ident, call.first("itemId"))
        return gallery_of(self.site, call, [*checks.guid("itemId", ident), *repeated, *wrong]), ident

    def _doc(self, gallery: str, ident: str) -> dict[str, Any]:
        doc = self.site.store.doc("SELECT doc FROM items WHERE gallery = ? AND id = ?", gallery, ident)
        if doc is None:
            raise not_found("Item", ident)
        return doc

    def _remove(self, gallery: str, ids: list[str]) -> list[str]:
        removed = []
        for ident in dict.fromkeys(ident.lower() for ident in ids):
            sql = "DELETE FROM items WHERE gallery = ? AND id = ?"
            if self.site.store.db.execute(sql, (gallery, ident)).rowcount:
                events.item_deleted(self.site, gallery, ident)
                removed.append(ident)
        return removed
