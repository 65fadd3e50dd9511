"""Raw edits "as the Editor would": odd data that the API itself would refuse."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from galleryctl.emulator import checks, events, ordering
from galleryctl.emulator.rejection import Rejection, Violation, not_found
from galleryctl.emulator.rendering import shown, without_items
from galleryctl.emulator.site import Site
from galleryctl.emulator.store import dumped

Doc = dict[str, Any]
Choose = Callable[[list[str]], str]  # one of the ids that fit
KNOWN = {"gallery", "item", "set", "unset", "delete", "silent", "edits"}


def edited(site: Site, body: Doc) -> Doc:
    """The documents that the edits made; all of `{"edits": [...]}`, or the one edit that the body is.

    `{"gallery": id?, "set": {…}, "unset": [names]}` changes a gallery, or makes one when there is no such id;
    with `"item": id` (null: a new one) it is an item; `"delete": true` removes; `"silent": true` tells no webhook.
    Instead of an id, an object such as `{"title": "Cake"}` finds the first whose fields are these; 404 for none.
    """
    steps = body.get("edits", [body])
    checks.all_of(step_violations("edits", steps))
    return {"results": [_one(site, step, lambda found: found[0]) for step in steps]}


def by_chance(site: Site, steps: Iterable[Doc], dice: random.Random) -> None:
    """Make edits in the middle of a run: of several that fit, the dice choose; where nothing fits, nothing is done."""
    for step in steps:
        with suppress(Rejection):
            _one(site, step, dice.choice)


def step_violations(name: str, steps: Any) -> checks.Found:
    """What is wrong with a list of edits."""
    if steps is not None and not isinstance(steps, list):
        yield Violation(name, "must be an array", "FORMAT")
    for index, step in enumerate(steps if isinstance(steps, list) else []):
        at = f"{name}[{index}]"
        yield from checks.mapping(at, step)
        if isinstance(step, dict):
            yield from (Violation(f"{at}.{key}", "is not known") for key in step if key not in KNOWN)
            yield from checks.mapping(f"{at}.set", step.get("set"))
            yield from checks.strings(f"{at}.unset", step.get("unset"))


def _one(site: Site, step: Doc, choose: Choose) -> Doc:
    before = len(site.outbox)
    result = _item(site, step, choose) if "item" in step else _gallery(site, step, choose)
    if step.get("silent"):
        del site.outbox[before:]
    return result


def _found(site: Site, given: Any, what: str, within: str | None, choose: Choose) -> str:
    """The id that `given` is, or the id of what has the fields that `given` names."""
    if not isinstance(given, dict):
        return str(given)
    if within is None:
        docs = site.store.docs("SELECT doc FROM galleries ORDER BY seq")
    else:
        docs = site.store.docs("SELECT doc FROM items WHERE gallery = ? ORDER BY sort_order, seq", within)
    fitting = [str(doc["id"]) for doc in docs if all(doc.get(name) == value for name, value in given.items())]
    if not fitting:
        raise not_found(what, json.dumps(given))
    return choose(fitting)


def _gallery(site: Site, step: Doc, choose: Choose) -> Doc:
    given = step.get("gallery")
    new = given is None or given == ""
    ident = _new_id(step) if new else _found(site, given, "Gallery", None, choose)
    old = site.store.doc("SELECT doc FROM galleries WHERE id = ?", ident)
    if step.get("delete"):
        if old is None:
            raise not_found("Gallery", ident)
        site.store.db.execute("DELETE FROM items WHERE gallery = ?", (ident,))
        site.store.db.execute("DELETE FROM galleries WHERE id = ?", (ident,))
        events.gallery_deleted(site, ident)
        return {"galleryId": ident}
    doc = _changed(old or {"createdDate": site.now()}, step) | {"id": ident}
    order = ordering.indexed(doc)
    if old is None:
        sql = "INSERT INTO galleries (sort_order, doc, id) VALUES (?, ?, ?)"
    else:
        sql = "UPDATE galleries SET sort_order = ?, doc = ? WHERE id = ?"
    site.store.db.execute(sql, (order, dumped(doc), ident))
    announce = events.gallery_created if old is None else events.gallery_updated
    announce(site, without_items(site, doc))
    return {"gallery": doc}


def _item(site: Site, step: Doc, choose: Choose) -> Doc:
    gallery = _found(site, step.get("gallery"), "Gallery", None, choose)
    if not site.store.count("SELECT COUNT(*) FROM galleries WHERE id = ?", gallery):
        raise not_found("Gallery", gallery)
    given = step["item"]
    new = given is None or given == ""
    ident = _new_id(step) if new else _found(site, given, "Item", gallery, choose)
    old = site.store.doc("SELECT doc FROM items WHERE gallery = ? AND id = ?", gallery, ident)
    if step.get("delete"):
        if old is None:
            raise not_found("Item", ident)
        site.store.db.execute("DELETE FROM items WHERE gallery = ? AND id = ?", (gallery, ident))
        events.item_deleted(site, gallery, ident)
        return {"itemId": ident}
    now = site.now()
    doc = _changed((old or {"createdDate": now}) | {"updatedDate": now}, step) | {"id": ident}
    order = ordering.indexed(doc)
    if old is None:
        sql = "INSERT INTO items (sort_order, doc, gallery, id) VALUES (?, ?, ?, ?)"
    else:
        sql = "UPDATE items SET sort_order = ?, doc = ? WHERE gallery = ? AND id = ?"
    site.store.db.execute(sql, (order, dumped(doc), gallery, ident))
    announce = events.item_created if old is None else events.item_updated
    announce(site, gallery, shown(site, doc))
    return {"item": doc}


def _new_id(step: Doc) -> str:
    return str((step.get("set") or {}).get("id") or uuid.uuid4())


def _changed(doc: Doc, step: Doc) -> Doc:
    gone = step.get("unset") or []
    return {name: value for name, value in (doc | (step.get("set") or {})).items() if name not in gone}
