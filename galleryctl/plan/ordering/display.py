"""The order in which a site displays the items of a gallery."""

from __future__ import annotations

from collections.abc import Iterable

from galleryctl.model.desired import ItemOrder
from galleryctl.model.live import LiveItem


def in_display_order(items: Iterable[LiveItem], item_order: ItemOrder) -> list[LiveItem]:
    """Return the items in the order in which the site displays them, those without a sort order last."""
    return sorted(items, key=lambda item: (*display_rank(item.sort_order, item_order), item.id))


def display_rank(sort_order: float | None, item_order: ItemOrder) -> tuple[bool, float]:
    """Return what the items of a gallery are sorted by; those without a sort order are last."""
    sign = 1 if item_order is ItemOrder.ASCENDING else -1
    return sort_order is None, sign * (sort_order or 0.0)
