"""Sort orders of galleries (`gallery` is None) and of the items of one gallery: stored, assigned and kept unique."""

from __future__ import annotations

import math
from typing import Any

from galleryctl.emulator.api.rejection import Violation, application_error, not_found, validation_error
from galleryctl.emulator.api.rewriting import rewrite_sort_order
from galleryctl.emulator.site import EmulatedSite
from galleryctl.emulator.store import dump_json

_SAVE_GALLERY = """INSERT INTO galleries (sort_order, doc, id) VALUES (?, ?, ?)
ON CONFLICT (id) DO UPDATE SET sort_order = excluded.sort_order, doc = excluded.doc"""
_SAVE_ITEM = """INSERT INTO items (sort_order, doc, id, gallery) VALUES (?, ?, ?, ?)
ON CONFLICT (gallery, id) DO UPDATE SET sort_order = excluded.sort_order, doc = excluded.doc"""


def save_ordered(site: EmulatedSite, gallery: str | None, doc: dict[str, Any]) -> None:
    """Insert or update the row of a gallery, or of an item of `gallery`, and its sort order in the index."""
    order = doc.get("sortOrder")  # an edit can leave another type here; it sorts like an absent order
    indexed = float(order) if isinstance(order, int | float) and not isinstance(order, bool) else None
    sql, scope = (_SAVE_GALLERY, ()) if gallery is None else (_SAVE_ITEM, (gallery,))
    site.store.db.execute(sql, (indexed, dump_json(doc), doc["id"], *scope))


def order_for_new(site: EmulatedSite, gallery: str | None, given: Any, *, at: str) -> float:
    """Return the stored sort order of a new entity: the given one if it is unique, or else the next free one."""
    if given is None:
        return _next_free_order(site, gallery)
    _require_unique(site, gallery, given, at=at)
    return _to_stored_order(site, given)


def patch_order(
    site: EmulatedSite, gallery: str | None, doc: dict[str, Any], old: dict[str, Any], patch: dict[str, Any]
) -> None:
    """Set the stored sort order of the patched `doc`; a null in the patch keeps the old one."""
    at = "gallery.sortOrder" if gallery is None else "item.sortOrder"
    if at in site.settings.ignore_writes:
        return
    if patch.get("sortOrder") is not None:
        _require_unique(site, gallery, doc["sortOrder"], at=at, except_id=doc["id"])
        doc["sortOrder"] = _to_stored_order(site, doc["sortOrder"])
    elif "sortOrder" in patch and "sortOrder" in old:
        doc["sortOrder"] = old["sortOrder"]


def order_after(site: EmulatedSite, gallery: str, other: str | None, *, moved: str) -> float:
    """Return the sort order that places the item `moved` behind the item `other`, or first for None.

    As in the vendor's editor, it is the mean of the two neighbours: behind 1.0 of [1.0, 2.0, 5.0] → 1.5. Beyond the
    ends it is 1 more or less: [1.0, 2.0] → 0.0 or 3.0. Raises a 404 for an unknown item, or rejects a repeated value.
    """
    sql = (
        "SELECT id, sort_order FROM items WHERE gallery = ? AND id IS NOT ? AND sort_order IS NOT NULL ORDER BY 2, seq"
    )
    places = site.store.db.execute(sql, (gallery, moved)).fetchall()
    ids, orders = [row[0] for row in places], [float(row[1]) for row in places]
    if other is not None and other not in ids:
        raise not_found("Item", other)
    start = 0 if other is None else ids.index(other) + 1
    below, above = orders[:start], orders[start:]
    if below and above:
        value = below[-1] / 2 + above[0] / 2
    elif above:
        value = above[0] - 1
    else:
        value = below[-1] + 1 if below else 1.0
    _require_unique(site, gallery, value, at="after", except_id=moved)
    return _to_stored_order(site, value)


def _to_stored_order(site: EmulatedSite, value: float) -> float:
    """Return the value as Wix returns it, which is a switch."""
    try:
        return rewrite_sort_order(value, site.settings)
    except OverflowError as cause:
        raise validation_error(Violation("sortOrder", "is out of range", "MAX")) from cause


def _is_order_taken(site: EmulatedSite, gallery: str | None, value: float, except_id: str | None = None) -> bool:
    rows, values = _scope(gallery)
    sql = f"SELECT EXISTS (SELECT 1 FROM {rows} AND sort_order = ? AND id IS NOT ?)"  # noqa: S608 - names from below
    return bool(site.store.fetch_count(sql, *values, value, except_id))


def _next_free_order(site: EmulatedSite, gallery: str | None) -> float:
    """Return epoch milliseconds, as the vendor does, or if they are taken an order after all others.

    With doubles the first candidate is free: highest 1795500000000.0 → 1795500000001.0. With 32-bit floats
    neighbours are 131072 apart there, so that the step doubles until the rounded candidate is above the highest.
    """
    candidate = _to_stored_order(site, site.timestamp_ms())
    if not _is_order_taken(site, gallery, candidate):
        return candidate
    rows, values = _scope(gallery)
    sql = f"SELECT MAX(sort_order) FROM {rows}"  # noqa: S608 - names from below
    highest = float(site.store.db.execute(sql, values).fetchone()[0])
    step = 1.0
    while (candidate := _to_stored_order(site, math.floor(highest) + step)) <= highest:
        step *= 2
    return candidate


def _require_unique(
    site: EmulatedSite, gallery: str | None, value: Any, *, at: str, except_id: str | None = None
) -> None:
    """Reject a sort order that another entity has; the status is a switch."""
    if not _is_order_taken(site, gallery, _to_stored_order(site, value), except_id):
        return
    if site.settings.repeated_sort_order_status == 409:  # noqa: PLR2004
        raise application_error(409, "ALREADY_EXISTS", f"{at} {value} is already used", {"sortOrder": value})
    raise validation_error(Violation(at, f"{value} is already used", "OTHER", "DUPLICATE_SORT_ORDER"))


def _scope(gallery: str | None) -> tuple[str, tuple[str, ...]]:
    """Return table and condition of the rows that share one sequence of sort orders, and the condition's values."""
    return ("galleries WHERE 1", ()) if gallery is None else ("items WHERE gallery = ?", (gallery,))
