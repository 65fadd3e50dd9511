"""The calls on the items of a gallery; each docstring opens with the vendor's name of the call."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from galleryctl.emulator.api import checks, events, ordering
from galleryctl.emulator.api.field_mask import apply_patch
from galleryctl.emulator.api.rejection import Violation, not_found
from galleryctl.emulator.api.rendering import items_page, render_gallery, render_item
from galleryctl.emulator.api.rewriting import WrittenDocument, answer_write, keep_unwritten, rewrite_document
from galleryctl.emulator.api.validation import (
    MEDIA_KINDS,
    READ_ONLY_ITEM_FIELDS,
    item_kind,
    item_violations,
    video_type,
)
from galleryctl.emulator.http import ServedRequest, ServedResponse, json_response
from galleryctl.emulator.media.descriptors import make_has_media
from galleryctl.emulator.site import EmulatedSite


def parse_item_paging(site: EmulatedSite, request: ServedRequest) -> tuple[str, int, int]:
    """Return the gallery's id from the path, `itemOffset` and `itemLimit`; raises a 400 or a 404."""
    limits = {"itemOffset": (0, 0, checks.MAX_INT32), "itemLimit": (50, 1, site.settings.item_limit_max)}
    paging, violations = checks.query_integers(request, **limits)
    return require_gallery(site, request, violations), paging["itemOffset"], paging["itemLimit"]


def require_gallery(site: EmulatedSite, request: ServedRequest, violations: checks.Violations = ()) -> str:
    """Return the gallery's id from the path; raises a 400 for an invalid id or `violations`, 404 if it is unknown."""
    ident = request.path_params["gallery"].lower()
    repeated = checks.check_same_id("galleryId", ident, request.query_value("galleryId"))
    checks.raise_violations(checks.check_guid("galleryId", ident), repeated, violations)
    if not site.store.fetch_count("SELECT COUNT(*) FROM galleries WHERE id = ?", ident):
        raise not_found("Gallery", ident)
    return ident


def insert_item(site: EmulatedSite, gallery: str, item: dict[str, Any], *, at: str) -> WrittenDocument:
    """Store a new item, already validated, with an id, dates and a sort order."""
    sent = {name: value for name, value in item.items() if name not in READ_ONLY_ITEM_FIELDS and value is not None}
    written = keep_unwritten(site.settings, "item", None, sent)
    order = ordering.order_for_new(site, gallery, written.get("sortOrder"), at=f"{at}.sortOrder")
    now = site.timestamp()
    assigned = {"id": str(uuid.uuid4()), "sortOrder": order, "createdDate": now, "updatedDate": now}
    doc = with_derived_types(rewrite_document(written, site.settings) | assigned)
    ordering.save_ordered(site, gallery, doc)
    return answer_write(site.settings, doc, with_derived_types(sent), READ_ONLY_ITEM_FIELDS)


def with_derived_types(doc: dict[str, Any]) -> dict[str, Any]:
    """Return the item with its `type`, and the type of its video, derived from the media."""
    kind = item_kind(doc)
    if kind is not None:
        doc = doc | {"type": kind.upper()}
    video = doc.get("video")
    if isinstance(video, dict) and video.get("type") in (None, "UNDEFINED"):
        doc = doc | {"video": video | {"type": video_type(video.get("videoInfo") or {})}}
    return doc


class ItemHandlers:
    """Handlers of `…/galleries/{galleryId}/items`."""

    def __init__(self, site: EmulatedSite) -> None:
        self.site = site

    def list_items(self, request: ServedRequest) -> ServedResponse:
        """List Gallery Items."""
        gallery, offset, limit = parse_item_paging(self.site, request)
        return json_response({"items": items_page(self.site, gallery, offset, limit)})

    def get(self, request: ServedRequest) -> ServedResponse:
        """Get Gallery Item."""
        gallery, ident = self._require_ids(request)
        return json_response({"item": render_item(self.site, self._require_item(gallery, ident))})

    def create(self, request: ServedRequest) -> ServedResponse:
        """Create Gallery Item."""
        body = request.json()
        item = checks.require_object(body, "item")
        repeated = checks.check_same_id("galleryId", request.path_params["gallery"], body.get("galleryId"))
        with self.site.transaction():
            violations = item_violations(item, make_has_media(self.site))
            gallery = require_gallery(self.site, request, [*repeated, *violations])
            written = insert_item(self.site, gallery, item, at="item")
            events.item_created(self.site, gallery, render_item(self.site, written.stored))
        return json_response({"item": render_item(self.site, written.answered)})

    def update(self, request: ServedRequest) -> ServedResponse:
        """Update Gallery Item: only the fields in the request change; the kind of media cannot change."""
        body = request.json()
        patch = checks.require_object(body, "item")
        violations = [
            *checks.check_same_id("galleryId", request.path_params["gallery"], body.get("galleryId")),
            *checks.check_same_id("item.id", request.path_params["item"], patch.get("id")),
        ]
        with self.site.transaction():
            gallery, ident = self._require_ids(request, violations)
            written = self._apply_patch(gallery, ident, patch)
            ordering.save_ordered(self.site, gallery, written.stored)
            events.item_updated(self.site, gallery, render_item(self.site, written.stored))
        return json_response({"item": render_item(self.site, written.answered)})

    def _apply_patch(self, gallery: str, ident: str, patch: dict[str, Any]) -> WrittenDocument:
        old = self._require_item(gallery, ident)
        settings = self.site.settings
        apply = partial(apply_patch, old, read_only=READ_ONLY_ITEM_FIELDS, nested=settings.nested_patch)
        sent = apply(patch)
        kind = item_kind(old)
        other = [name for name in MEDIA_KINDS if kind and name != kind and patch.get(name) is not None]
        violations = [
            Violation(f"item.{name}", f"an item with {kind} cannot get another kind of media") for name in other
        ]
        only = set(patch) - {*READ_ONLY_ITEM_FIELDS, *(MEDIA_KINDS if other else ())}
        checks.raise_violations(violations, item_violations(sent, make_has_media(self.site), only=only, old=old))
        doc = keep_unwritten(settings, "item", old, apply(rewrite_document(patch, settings)))
        ordering.patch_order(self.site, gallery, doc, old, patch)
        doc = with_derived_types(doc)
        if doc != old:
            doc |= {"updatedDate": self.site.timestamp_after(old.get("updatedDate"))}
        return answer_write(settings, doc, with_derived_types(sent), READ_ONLY_ITEM_FIELDS)

    def delete(self, request: ServedRequest) -> ServedResponse:
        """Delete Gallery Item."""
        with self.site.transaction():
            gallery, ident = self._require_ids(request)
            self._require_item(gallery, ident)
            self._remove(gallery, [ident])
        return json_response({"itemId": ident})

    def bulk_delete(self, request: ServedRequest) -> ServedResponse:
        """Bulk Delete Gallery Items: returns the ids that existed."""
        body = request.json()
        violations = [
            *checks.check_same_id("galleryId", request.path_params["gallery"], body.get("galleryId")),
            *checks.check_guid_list("itemIds", body.get("itemIds"), low=1, high=1000),
        ]
        with self.site.transaction():
            gallery = require_gallery(self.site, request, violations)
            if self.site.settings.bulk_delete_unknown == "reject":
                for ident in body["itemIds"]:
                    self._require_item(gallery, ident.lower())
            return json_response({"itemIds": self._remove(gallery, body["itemIds"])})

    def delete_many(self, request: ServedRequest) -> ServedResponse:
        """Delete Gallery Items (deprecated): `itemsIds` is in the query or the body; returns the gallery."""
        ids: Any = [part for value in request.query.get("itemsIds", []) for part in value.split(",")]
        ids = ids or request.json().get("itemsIds")
        with self.site.transaction():
            violations = checks.check_guid_list("itemsIds", ids, low=1, high=1000)
            gallery = require_gallery(self.site, request, violations)
            self._remove(gallery, ids)
        return json_response({"gallery": render_gallery(self.site, gallery, 0, 50)})

    def _require_ids(self, request: ServedRequest, violations: checks.Violations = ()) -> tuple[str, str]:
        ident = request.path_params["item"].lower()
        repeated = checks.check_same_id("itemId", ident, request.query_value("itemId"))
        return require_gallery(self.site, request, [*checks.check_guid("itemId", ident), *repeated, *violations]), ident

    def _require_item(self, gallery: str, ident: str) -> dict[str, Any]:
        doc = self.site.store.fetch_document("SELECT doc FROM items WHERE gallery = ? AND id = ?", gallery, ident)
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
