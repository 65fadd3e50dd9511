"""What a broken-off run had made without hearing of it: found again by the sort order it was sent with.

A create is journalled before it is sent, with a sort order that nothing else has (design, rule 4). So a live resource
with that value is the one that was made, and one that is not there was not made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.fields import float32
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.state.journal import Intent


def recover_galleries(
    bindings: Bindings, pending: Iterable[Intent], galleries: Iterable[LiveGallery]
) -> Bindings:
    """`bindings` with the galleries that a pending create-gallery had made."""
    by_order = {float32(g.sort_order): g.id for g in galleries if g.sort_order is not None}
    found = {
        address: by_order[float32(order)]
        for intent in pending
        if intent.kind == "create-gallery"
        for address, order in intent.sort_orders.items()
        if address.item is None and float32(order) in by_order
    }
    return _with_ids(bindings, found)


def recover_items(
    bindings: Bindings, pending: Iterable[Intent], galleries: Iterable[LiveGallery]
) -> Bindings:
    """`bindings` with the items that a pending create had made, alone or inside its gallery."""
    by_id = {gallery.id: gallery for gallery in galleries}
    found: dict[Address, str] = {}
    for intent in pending:
        for address, order in intent.sort_orders.items():
            gallery = by_id.get(bindings.ids.get(address.parent, intent.gallery_id or ""))
            if address.item is None or gallery is None:
                continue
            item = item_at(gallery.items or (), order)
            if item is not None and item.id not in bindings.ids.values():
                found[address] = item.id
    return _with_ids(bindings, found)


def item_at(items: Iterable[LiveItem], sort_order: float) -> LiveItem | None:
    """The item with this sort order, if only one has it; values may have passed through a 32-bit float."""
    wanted = float32(sort_order)
    at = [item for item in items if item.sort_order is not None and float32(item.sort_order) == wanted]
    exact = [item for item in at if item.sort_order == sort_order]
    candidates = exact or at
    return candidates[0] if len(candidates) == 1 else None


def _with_ids(bindings: Bindings, found: Mapping[Address, str]) -> Bindings:
    """What was found is bound; an item that it replaces is deposed, so that its deletion is not forgotten."""
    deposed = {old: address for address, new in found.items() if (old := bindings.ids.get(address, new)) != new}
    return replace(
        bindings, ids={**bindings.ids, **found}, deposed={**bindings.deposed, **deposed}
    )
