"""Sort orders: how they are stored, made when left out, and kept unique."""

from __future__ import annotations

import math
import struct
from typing import Any

from galleryctl.emulator.rejection import Violation, invalid, refused
from galleryctl.emulator.site import Site


def stored(site: Site, value: float) -> float:
    """The value as Wix would give it back: a double, or one that went through a 32-bit float."""
    if site.settings.sort_order_precision == "double":
        return float(value)
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError as cause:
        raise invalid(Violation("sortOrder", "is out of range", "MAX")) from cause


def indexed(doc: dict[str, Any]) -> float | None:
    """The sort order of a document for the index; odd values, which an edit may leave, sort like an absent one."""
    order = doc.get("sortOrder")
    return float(order) if isinstance(order, int | float) and not isinstance(order, bool) else None


def taken(site: Site, table: str, gallery: str | None, value: float, but: str | None = None) -> bool:
    """Whether another gallery, or another item of the gallery, has this very sort order."""
    where, values = _within(table, gallery)
    sql = f"SELECT EXISTS (SELECT 1 FROM {table} WHERE {where} sort_order = ? AND id IS NOT ?)"  # noqa: S608
    return bool(site.store.count(sql, *values, value, but))


def free(site: Site, table: str, gallery: str | None) -> float:
    """The sort order of a new entity that names none: epoch milliseconds, or the next one that is free."""
    candidate = stored(site, site.now_ms())
    if not taken(site, table, gallery, candidate):
        return candidate
    where, values = _within(table, gallery)
    sql = f"SELECT MAX(sort_order) FROM {table} WHERE {where} 1"  # noqa: S608 - our own table names
    highest = float(site.store.db.execute(sql, values).fetchone()[0])
    step = 1.0
    while (candidate := stored(site, math.floor(highest) + step)) <= highest:
        step *= 2
    return candidate


def demand_unique(site: Site, table: str, gallery: str | None, value: Any, *, at: str, but: str | None = None) -> None:
    """Refuse a repeated sort order; the status is a switch."""
    if value is None or not taken(site, table, gallery, stored(site, value), but):
        return
    if site.settings.repeated_sort_order_status == 409:  # noqa: PLR2004
        raise refused(409, "ALREADY_EXISTS", f"{at} {value} is already used", {"sortOrder": value})
    raise invalid(Violation(at, f"{value} is already used", "OTHER", "DUPLICATE_SORT_ORDER"))


def _within(table: str, gallery: str | None) -> tuple[str, tuple[object, ...]]:
    return ("gallery = ? AND", (gallery,)) if table == "items" else ("", ())
