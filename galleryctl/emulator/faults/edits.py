"""Raw edits as the Editor makes them, even to values that the API rejects."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from galleryctl.emulator.api import checks, events, ordering
from galleryctl.emulator.api.rejection import Rejection, Violation, not_found, validation_error
from galleryctl.emulator.api.rendering import gallery_summary, render_item
from galleryctl.emulator.api.validation import MEDIA_KINDS, item_kind
from galleryctl.emulator.site import EmulatedSite

_Doc = dict[str, Any]
_Choose = Callable[[list[str]], str]  # one of the matching ids
_ITEM_KEYS = ("copy", "photo", "after")
_EDIT_KEYS = ("gallery", "item", "set", "unset", "delete", "silent", *_ITEM_KEYS)
_NOT_COPIED = ("id", "createdDate", "updatedDate", "sortOrder")


def apply_edits(site: EmulatedSite, body: _Doc) -> _Doc:
    """Apply `{"edits": [...]}`, or one edit in the body itself, and return the resulting documents.

    `{"gallery": id?, "set": {…}, "unset": [names]}` changes a gallery, or creates it if the id is new or absent;
    with `"item": id` (null: a new one) it edits an item; `"delete": true` deletes; `"silent": true` sends no webhook.
    A name such as `link.url` is that of a member. Of items: `"copy": id` starts a new one as a copy of another,
    `"photo": id` shows an image of the Media Manager, `"after": id` moves it behind another (null: to the front).
    Instead of an id, an object such as `{"title": "Cake"}` selects the first with these fields; raises a 404 for none.
    """
    steps = body.get("edits", [body])
    checks.raise_violations(checks.check_required("edits", steps), edit_violations("edits", steps))
    return {"results": [_apply_edit(site, step, lambda ids: ids[0]) for step in steps]}


def apply_random_edits(site: EmulatedSite, steps: Iterable[_Doc], rng: random.Random) -> None:
    """Apply edits during a run: picks among several matches at random, and skips edits without a match."""
    for step in steps:
        with suppress(Rejection):
            _apply_edit(site, step, rng.choice)


def edit_violations(name: str, steps: Any) -> checks.Violations:
    """Yield the violations of a list of edits."""
    yield from checks.check_objects(name, steps, _step_violations)


def _step_violations(at: str, step: _Doc) -> checks.Violations:
    yield from (Violation(f"{at}.{key}", "is an unknown field") for key in step if key not in _EDIT_KEYS)
    yield from checks.check_object(f"{at}.set", step.get("set"))
    yield from checks.check_strings(f"{at}.unset", step.get("unset"))
    for key in _ITEM_KEYS:
        if key in step and "item" not in step:
            yield Violation(f"{at}.{key}", "is only allowed with item")
    if "copy" in step and step.get("item") not in (None, ""):
        yield Violation(f"{at}.copy", "is only allowed with a new item: item must be null")


def _apply_edit(site: EmulatedSite, step: _Doc, choose: _Choose) -> _Doc:
    before = len(site.outbox)
    result = _edit_item(site, step, choose) if "item" in step else _edit_gallery(site, step, choose)
    if step.get("silent"):
        del site.outbox[before:]
    return result


def _find_id(site: EmulatedSite, selector: Any, entity: str, choose: _Choose, sql: str, *values: object) -> str:
    """Return the id that `selector` is, or that of a document which the query finds and which has these fields."""
    if not isinstance(selector, dict):
        return str(selector)
    docs = site.store.fetch_documents(sql, *values)
    ids = [str(doc["id"]) for doc in docs if all(doc.get(name) == value for name, value in selector.items())]
    if not ids:
        raise not_found(entity, json.dumps(selector))
    return choose(ids)


def _find_gallery(site: EmulatedSite, selector: Any, choose: _Choose) -> str:
    return _find_id(site, selector, "Gallery", choose, "SELECT doc FROM galleries ORDER BY seq")


def _find_item(site: EmulatedSite, selector: Any, choose: _Choose, gallery: str, other_than: str | None = None) -> str:
    sql = "SELECT doc FROM items WHERE gallery = ? AND id IS NOT ? ORDER BY sort_order, seq"
    return _find_id(site, selector, "Item", choose, sql, gallery, other_than)


def _edit_gallery(site: EmulatedSite, step: _Doc, choose: _Choose) -> _Doc:
    selector = step.get("gallery")
    ident = _new_id(step) if selector in (None, "") else _find_gallery(site, selector, choose)
    old = site.store.fetch_document("SELECT doc FROM galleries WHERE id = ?", ident)
    if step.get("delete"):
        if old is None:
            raise not_found("Gallery", ident)
        site.store.db.execute("DELETE FROM items WHERE gallery = ?", (ident,))
        site.store.db.execute("DELETE FROM galleries WHERE id = ?", (ident,))
        events.gallery_deleted(site, ident)
        return {"galleryId": ident}
    doc = _apply_changes(old or {"createdDate": site.timestamp()}, step) | {"id": ident}
    ordering.save_ordered(site, None, doc)
    add_event = events.gallery_created if old is None else events.gallery_updated
    add_event(site, gallery_summary(site, doc))
    return {"gallery": doc}


def _edit_item(site: EmulatedSite, step: _Doc, choose: _Choose) -> _Doc:
    gallery = _find_gallery(site, step.get("gallery"), choose)
    if not site.store.fetch_count("SELECT COUNT(*) FROM galleries WHERE id = ?", gallery):
        raise not_found("Gallery", gallery)
    selector = step["item"]
    ident = _new_id(step) if selector in (None, "") else _find_item(site, selector, choose, gallery)
    old = _fetch_item(site, gallery, ident)
    if step.get("delete"):
        if old is None:
            raise not_found("Item", ident)
        site.store.db.execute("DELETE FROM items WHERE gallery = ? AND id = ?", (gallery, ident))
        events.item_deleted(site, gallery, ident)
        return {"itemId": ident}
    doc = _edited_item(site, gallery, ident, old, step, choose)
    ordering.save_ordered(site, gallery, doc)
    add_event = events.item_created if old is None else events.item_updated
    add_event(site, gallery, render_item(site, doc))
    return {"item": doc}


def _edited_item(site: EmulatedSite, gallery: str, ident: str, old: _Doc | None, step: _Doc, choose: _Choose) -> _Doc:
    doc, changes = old or {"createdDate": site.timestamp()}, step.get("set") or {}
    if "copy" in step:
        source_id = _find_item(site, step["copy"], choose, gallery)
        source = _fetch_item(site, gallery, source_id)
        if source is None:
            raise not_found("Item", source_id)
        doc = doc | {name: value for name, value in source.items() if name not in _NOT_COPIED}
        step = step if "sortOrder" in changes else {"after": source_id} | step
    doc = _apply_changes(doc, step) | {"id": ident}
    if "photo" in step:
        doc |= _show_photo(site, doc, step["photo"], choose)
    if "after" in step:
        other = None if step["after"] is None else _find_item(site, step["after"], choose, gallery, ident)
        doc["sortOrder"] = ordering.order_after(site, gallery, other, moved=ident)
    if doc != old and "updatedDate" not in {*changes, *(step.get("unset") or ())}:
        doc["updatedDate"] = site.timestamp_after((old or {}).get("updatedDate"))
    return doc


def _fetch_item(site: EmulatedSite, gallery: str, ident: str) -> _Doc | None:
    return site.store.fetch_document("SELECT doc FROM items WHERE gallery = ? AND id = ?", gallery, ident)


def _show_photo(site: EmulatedSite, item: _Doc, selector: Any, choose: _Choose) -> _Doc:
    """Return the changes that make an image, or an item without media, show an image of the Media Manager."""
    if item_kind(item) != "image" and any(item.get(kind) is not None for kind in MEDIA_KINDS):
        raise validation_error(Violation("photo", "is only allowed with an image or a new item"))
    sql = "SELECT doc FROM files WHERE trashed = 0 ORDER BY seq"
    usable = {"mediaType": "IMAGE", "operationStatus": "READY"}
    selector = usable | (selector if isinstance(selector, dict) else {"id": selector})
    ident = _find_id(site, selector, "File", choose, sql)
    file = site.store.fetch_document("SELECT doc FROM files WHERE id = ?", ident) or {}
    return {"type": "IMAGE", "image": _as_object(item.get("image")) | {"imageInfo": file["media"]["image"]["image"]}}


def _new_id(step: _Doc) -> str:
    return str((step.get("set") or {}).get("id") or uuid.uuid4())


def _apply_changes(doc: _Doc, step: _Doc) -> _Doc:
    for name, value in (step.get("set") or {}).items():
        doc = _set_member(doc, name.split("."), value)
    for name in step.get("unset") or []:
        doc = _unset_member(doc, name.split("."))
    return doc


def _set_member(doc: _Doc, path: list[str], value: Any) -> _Doc:
    name, *rest = path
    return doc | {name: _set_member(_as_object(doc.get(name)), rest, value) if rest else value}


def _unset_member(doc: _Doc, path: list[str]) -> _Doc:
    name, *rest = path
    if rest:
        return doc | {name: _unset_member(doc[name], rest)} if isinstance(doc.get(name), dict) else doc
    return {other: value for other, value in doc.items() if other != name}


def _as_object(value: Any) -> _Doc:
    return value if isinstance(value, dict) else {}
