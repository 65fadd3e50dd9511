"""Sort orders: how they are stored, made when left out, and kept unique."""

from __future__ import annotations

import math
import struct
from typing import Any

from galleryctl.emulator.api.rejection import Violation, application_error, validation_error
from galleryctl.emulator.site import EmulatedSite


def to_stored_order(site: EmulatedSite, value: float) -> float:
    """The value as Wix would give it back: a double, or one that went through a 32-bit float."""
    if site.settings.sort_order_precision == "double":
        return float(value)
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError as cause:
        raise validation_error(Violation("sortOrder", "is out of range", "MAX")) from cause


def order_for_index(doc: dict[str, Any]) -> float | None:
    """The sort order of a document for the index; odd values, which an edit may leave, sort like an absent one."""
    order = doc.get("sortOrder")
    return float(order) if isinstance(order, int | float) and not isinstance(order, bool) else None


def is_order_taken(
    site: EmulatedSite, table: str, gallery: str | None, value: float, except_id: str | None = None
) -> bool:
    """Whether another gallery, or another item of the gallery, has this very sort order."""
    where, values = _scope_clause(table, gallery)
    sql = f"SELECT EXISTS (SELECT 1 FROM {table} WHERE {where} sort_order = ? AND id IS NOT ?)"  # noqa: S608
    return bool(site.store.fetch_count(sql, *values, value, except_id))


def next_free_order(site: EmulatedSite, table: str, gallery: str | None) -> float:
    """The sort order of a new entity that names none: epoch milliseconds, or the next one that is free."""
    candidate = to_stored_order(site, site.timestamp_ms())
    if not is_order_taken(site, table, gallery, candidate):
        return candidate
    where, values = _scope_clause(table, gallery)
    sql = f"SELECT MAX(sort_order) FROM {table} WHERE {where} 1"  # noqa: S608 - our own table names
    highest = float(site.store.db.execute(sql, values).fetchone()[0])
    step = 1.0
    while (candidate := to_stored_order(site, math.floor(highest) + step)) <= highest:
        step *= 2
    return candidate


def require_unique_order(
    site: EmulatedSite, table: str, gallery: str | None, value: Any, *, at: str, except_id: str | None = None
) -> None:
    """Refuse a repeated sort order; the status is a switch."""
    if value is None or not is_order_taken(site, table, gallery, to_stored_order(site, value), except_id):
        return
    if site.settings.repeated_sort_order_status == 409:  # noqa: PLR2004
        raise application_error(409, "ALREADY_EXISTS", f"{at} {value} is already used", {"sortOrder": value})
    raise validation_error(Violation(at, f"{value} is already used", "OTHER", "DUPLICATE_SORT_ORDER"))


def _scope_clause(table: str, gallery: str | None) -> tuple[str, tuple[object, ...]]:
    return ("gallery = ? AND", (gallery,)) if table == "items" else ("", ())
