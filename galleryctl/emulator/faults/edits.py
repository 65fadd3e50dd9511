"""Raw edits as the Editor makes them, even to values that the API rejects."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from galleryctl.emulator.api import checks, events, ordering
from galleryctl.emulator.api.rejection import Rejection, Violation, not_found
from galleryctl.emulator.api.rendering import gallery_summary, render_item
from galleryctl.emulator.site import EmulatedSite

_Doc = dict[str, Any]
_Choose = Callable[[list[str]], str]  # one of the matching ids
_EDIT_KEYS = {"gallery", "item", "set", "unset", "delete", "silent"}


def apply_edits(site: EmulatedSite, body: _Doc) -> _Doc:
    """Apply `{"edits": [...]}`, or one edit in the body itself, and return the resulting documents.

    `{"gallery": id?, "set": {…}, "unset": [names]}` changes a gallery, or creates it if the id is new or absent;
    with `"item": id` (null: a new one) it edits an item; `"delete": true` deletes; `"silent": true` sends no webhook.
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


def _apply_edit(site: EmulatedSite, step: _Doc, choose: _Choose) -> _Doc:
    before = len(site.outbox)
    result = _edit_item(site, step, choose) if "item" in step else _edit_gallery(site, step, choose)
    if step.get("silent"):
        del site.outbox[before:]
    return result


def _find_id(site: EmulatedSite, selector: Any, entity: str, gallery_id: str | None, choose: _Choose) -> str:
    """Return the id that `selector` is, or the id of a gallery or item with the fields of `selector`."""
    if not isinstance(selector, dict):
        return str(selector)
    if gallery_id is None:
        docs = site.store.fetch_documents("SELECT doc FROM galleries ORDER BY seq")
    else:
        sql = "SELECT doc FROM items WHERE gallery = ? ORDER BY sort_order, seq"
        docs = site.store.fetch_documents(sql, gallery_id)
    ids = [str(doc["id"]) for doc in docs if all(doc.get(name) == value for name, value in selector.items())]
    if not ids:
        raise not_found(entity, json.dumps(selector))
    return choose(ids)


def _edit_gallery(site: EmulatedSite, step: _Doc, choose: _Choose) -> _Doc:
    selector = step.get("gallery")
    ident = _new_id(step) if selector in (None, "") else _find_id(site, selector, "Gallery", None, choose)
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
    gallery = _find_id(site, step.get("gallery"), "Gallery", None, choose)
    if not site.store.fetch_count("SELECT COUNT(*) FROM galleries WHERE id = ?", gallery):
        raise not_found("Gallery", gallery)
    selector = step["item"]
    ident = _new_id(step) if selector in (None, "") else _find_id(site, selector, "Item", gallery, choose)
    old = site.store.fetch_document("SELECT doc FROM items WHERE gallery = ? AND id = ?", gallery, ident)
    if step.get("delete"):
        if old is None:
            raise not_found("Item", ident)
        site.store.db.execute("DELETE FROM items WHERE gallery = ? AND id = ?", (gallery, ident))
        events.item_deleted(site, gallery, ident)
        return {"itemId": ident}
    doc = _apply_changes(old or {"createdDate": site.timestamp()}, step) | {"id": ident}
    if doc != old and "updatedDate" not in {*(step.get("set") or ()), *(step.get("unset") or ())}:
        doc["updatedDate"] = site.timestamp_after((old or {}).get("updatedDate"))
    ordering.save_ordered(site, gallery, doc)
    add_event = events.item_created if old is None else events.item_updated
    add_event(site, gallery, render_item(site, doc))
    return {"item": doc}


def _new_id(step: _Doc) -> str:
    return str((step.get("set") or {}).get("id") or uuid.uuid4())


def _apply_changes(doc: _Doc, step: _Doc) -> _Doc:
    unset = step.get("unset") or []
    return {name: value for name, value in (doc | (step.get("set") or {})).items() if name not in unset}
