"""Raw edits "as the Editor would": odd data that the API itself would refuse."""

from __future__ import annotations

import uuid
from typing import Any

from galleryctl.emulator import checks, events
from galleryctl.emulator.rejection import Violation, invalid, not_found
from galleryctl.emulator.rendering import shown, without_items
from galleryctl.emulator.site import Site
from galleryctl.emulator.store import dumped

Doc = dict[str, Any]


def edited(site: Site, body: Doc) -> Doc:
    """The documents that the edits made; all of `{"edits": [...]}`, or the one edit that the body is.

    `{"gallery": id?, "set": {…}, "unset": [names]}` changes a gallery, or makes one when there is no such id;
    with `"item": id` (null: a new one) it is an item; `"delete": true` removes; `"silent": true` tells no webhook.
    """
    steps = body.get("edits", [body])
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        raise invalid(Violation("edits", "must be an array of objects"))
    known = {"gallery", "item", "set", "unset", "delete", "silent", "edits"}
    checks.all_of(Violation(name, "is not known") for step in steps for name in step if name not in known)
    return {"results": [_one(site, step) for step in steps]}


def _one(site: Site, step: Doc) -> Doc:
    checks.all_of([*checks.mapping("set", step.get("set")), *checks.strings("unset", step.get("unset"))])
    before = len(site.outbox)
    result = _item(site, step) if "item" in step else _gallery(site, step)
    if step.get("silent"):
        del site.outbox[before:]
    return result


def _gallery(site: Site, step: Doc) -> Doc:
    ident = str(step.get("gallery") or (step.get("set") or {}).get("id") or uuid.uuid4())
    old = site.store.doc("SELECT doc FROM galleries WHERE id = ?", ident)
    if step.get("delete"):
        if old is None:
            raise not_found("Gallery", ident)
        site.store.db.execute("DELETE FROM items WHERE gallery = ?", (ident,))
        site.store.db.execute("DELETE FROM galleries WHERE id = ?", (ident,))
        events.gallery_deleted(site, ident)
        return {"galleryId": ident}
    doc = _changed(old or {"createdDate": site.now()}, step) | {"id": ident}
    order = _order(doc)
    if old is None:
        sql = "INSERT INTO galleries (sort_order, doc, id) VALUES (?, ?, ?)"
    else:
        sql = "UPDATE galleries SET sort_order = ?, doc = ? WHERE id = ?"
    site.store.db.execute(sql, (order, dumped(doc), ident))
    announce = events.gallery_created if old is None else events.gallery_updated
    announce(site, without_items(site, doc))
    return {"gallery": doc}


def _item(site: Site, step: Doc) -> Doc:
    gallery = str(step.get("gallery"))
    if not site.store.count("SELECT COUNT(*) FROM galleries WHERE id = ?", gallery):
        raise not_found("Gallery", gallery)
    ident = str(step["item"] or (step.get("set") or {}).get("id") or uuid.uuid4())
    old = site.store.doc("SELECT doc FROM items WHERE gallery = ? AND id = ?", gallery, ident)
    if step.get("delete"):
        if old is None:
            raise not_found("Item", ident)
        site.store.db.execute("DELETE FROM items WHERE gallery = ? AND id = ?", (gallery, ident))
        events.item_deleted(site, gallery, ident)
        return {"itemId": ident}
    now = site.now()
    doc = _changed((old or {"createdDate": now}) | {"updatedDate": now}, step) | {"id": ident}
    order = _order(doc)
    if old is None:
        sql = "INSERT INTO items (sort_order, doc, gallery, id) VALUES (?, ?, ?, ?)"
    else:
        sql = "UPDATE items SET sort_order = ?, doc = ? WHERE gallery = ? AND id = ?"
    site.store.db.execute(sql, (order, dumped(doc), gallery, ident))
    announce = events.item_created if old is None else events.item_updated
    announce(site, gallery, shown(site, doc))
    return {"item": doc}


def _changed(doc: Doc, step: Doc) -> Doc:
    gone = step.get("unset") or []
    return {name: value for name, value in (doc | (step.get("set") or {})).items() if name not in gone}


def _order(doc: Doc) -> float | None:
    """The sort order for the index; odd values sort like an absent one."""
    order = doc.get("sortOrder")
    return float(order) if isinstance(order, int | float) and not isinstance(order, bool) else None
