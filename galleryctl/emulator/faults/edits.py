"""Raw edits "as the Editor would": odd data that the API itself would refuse."""

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
from galleryctl.emulator.store import dump_json

_Doc = dict[str, Any]
_Choose = Callable[[list[str]], str]  # one of the ids that fit
_EDIT_KEYS = {"gallery", "item", "set", "unset", "delete", "silent", "edits"}


def apply_edits(site: EmulatedSite, body: _Doc) -> _Doc:
    """The documents that the edits made; all of `{"edits": [...]}`, or the one edit that the body is.

    `{"gallery": id?, "set": {…}, "unset": [names]}` changes a gallery, or makes one when there is no such id;
    with `"item": id` (null: a new one) it is an item; `"delete": true` removes; `"silent": true` tells no webhook.
    Instead of an id, an object such as `{"title": "Cake"}` finds the first whose fields are these; 404 for none.
    """
    steps = body.get("edits", [body])
    checks.raise_violations(edit_violations("edits", steps))
    return {"results": [_apply_edit(site, step, lambda found: found[0]) for step in steps]}


def apply_random_edits(site: EmulatedSite, steps: Iterable[_Doc], rng: random.Random) -> None:
    """Make edits in the middle of a run: of several that fit, the dice choose; where nothing fits, nothing is done."""
    for step in steps:
        with suppress(Rejection):
            _apply_edit(site, step, rng.choice)


def edit_violations(name: str, steps: Any) -> checks.Violations:
    """What is wrong with a list of edits."""
    if steps is not None and not isinstance(steps, list):
        yield Violation(name, "must be an array", "FORMAT")
    for index, step in enumerate(steps if isinstance(steps, list) else []):
        at = f"{name}[{index}]"
        yield from checks.check_object(at, step)
        if isinstance(step, dict):
            yield from (Violation(f"{at}.{key}", "is not known") for key in step if key not in _EDIT_KEYS)
            yield from checks.check_object(f"{at}.set", step.get("set"))
            yield from checks.check_strings(f"{at}.unset", step.get("unset"))


def _apply_edit(site: EmulatedSite, step: _Doc, choose: _Choose) -> _Doc:
    before = len(site.outbox)
    result = _edit_item(site, step, choose) if "item" in step else _edit_gallery(site, step, choose)
    if step.get("silent"):
        del site.outbox[before:]
    return result


def _find_id(site: EmulatedSite, given: Any, what: str, gallery_id: str | None, choose: _Choose) -> str:
    """The id that `given` is, or the id of what has the fields that `given` names."""
    if not isinstance(given, dict):
        return str(given)
    if gallery_id is None:
        docs = site.store.fetch_documents("SELECT doc FROM galleries ORDER BY seq")
    else:
        docs = site.store.fetch_documents(
            "SELECT doc FROM items WHERE gallery = ? ORDER BY sort_order, seq", gallery_id
        )
    fitting = [str(doc["id"]) for doc in docs if all(doc.get(name) == value for name, value in given.items())]
    if not fitting:
        raise not_found(what, json.dumps(given))
    return choose(fitting)


def _edit_gallery(site: EmulatedSite, step: _Doc, choose: _Choose) -> _Doc:
    given = step.get("gallery")
    new = given is None or given == ""
    ident = _new_id(step) if new else _find_id(site, given, "Gallery", None, choose)
    old = site.store.fetch_document("SELECT doc FROM galleries WHERE id = ?", ident)
    if step.get("delete"):
        if old is None:
            raise not_found("Gallery", ident)
        site.store.db.execute("DELETE FROM items WHERE gallery = ?", (ident,))
        site.store.db.execute("DELETE FROM galleries WHERE id = ?", (ident,))
        events.gallery_deleted(site, ident)
        return {"galleryId": ident}
    doc = _apply_changes(old or {"createdDate": site.timestamp()}, step) | {"id": ident}
    order = ordering.order_for_index(doc)
    if old is None:
        sql = "INSERT INTO galleries (sort_order, doc, id) VALUES (?, ?, ?)"
    else:
        sql = "UPDATE galleries SET sort_order = ?, doc = ? WHERE id = ?"
    site.store.db.execute(sql, (order, dump_json(doc), ident))
    announce = events.gallery_created if old is None else events.gallery_updated
    announce(site, gallery_summary(site, doc))
    return {"gallery": doc}


def _edit_item(site: EmulatedSite, step: _Doc, choose: _Choose) -> _Doc:
    gallery = _find_id(site, step.get("gallery"), "Gallery", None, choose)
    if not site.store.fetch_count("SELECT COUNT(*) FROM galleries WHERE id = ?", gallery):
        raise not_found("Gallery", gallery)
    given = step["item"]
    new = given is None or given == ""
    ident = _new_id(step) if new else _find_id(site, given, "Item", gallery, choose)
    old = site.store.fetch_document("SELECT doc FROM items WHERE gallery = ? AND id = ?", gallery, ident)
    if step.get("delete"):
        if old is None:
            raise not_found("Item", ident)
        site.store.db.execute("DELETE FROM items WHERE gallery = ? AND id = ?", (gallery, ident))
        events.item_deleted(site, gallery, ident)
        return {"itemId": ident}
    now = site.timestamp()
    doc = _apply_changes((old or {"createdDate": now}) | {"updatedDate": now}, step) | {"id": ident}
    order = ordering.order_for_index(doc)
    if old is None:
        sql = "INSERT INTO items (sort_order, doc, gallery, id) VALUES (?, ?, ?, ?)"
    else:
        sql = "UPDATE items SET sort_order = ?, doc = ? WHERE gallery = ? AND id = ?"
    site.store.db.execute(sql, (order, dump_json(doc), gallery, ident))
    announce = events.item_created if old is None else events.item_updated
    announce(site, gallery, render_item(site, doc))
    return {"item": doc}


def _new_id(step: _Doc) -> str:
    return str((step.get("set") or {}).get("id") or uuid.uuid4())


def _apply_changes(doc: _Doc, step: _Doc) -> _Doc:
    gone = step.get("unset") or []
    return {name: value for name, value in (doc | (step.get("set") or {})).items() if name not in gone}
