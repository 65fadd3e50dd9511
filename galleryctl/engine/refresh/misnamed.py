"""Correct the ids in state of items that a response gave another name.

A response can name an item that somebody else, or another create of the same run, made a moment before. At that time
such an id is as new as the right one, so the error shows only afterwards, from the sort orders:

    sent a 2048.5; the response named y, and said 2048.5, changed at 12:00:01
    the site has x 2048.5, created at 12:00:01, and y 4096.5     a is x; y is somebody else's
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace

from galleryctl.engine.refresh.lookup import OrderReading
from galleryctl.engine.refresh.pending import UnconfirmedCreate
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.last_applied import NEVER_APPLIED, Origin, value_digest
from galleryctl.model.live import LiveGallery, LiveItem


def correct_misnamed(
    bindings: Bindings, creates: Mapping[Address, UnconfirmedCreate], galleries: Mapping[str, LiveGallery]
) -> Bindings:
    """Return `bindings` with the right ids of created items; `creates` are pending, `galleries` those read, by id.

    The right item has the sort order and the date of the response, and is not in state. If the item in state is what a
    pending create made, the sort order suffices; without such an item, the address is dropped and created again.
    """
    ids = dict(bindings.ids)
    known = {*ids.values(), *bindings.deposed}
    for gallery, moved in _moved_items(bindings, galleries).items():
        recorded = bindings.sort_order_formats.get(gallery)
        live = galleries[ids[gallery]]
        orders = OrderReading.of_items(live, recorded)
        pending = [create.sort_order for address, create in creates.items() if address.parent == gallery]
        for address, item in moved.items():
            record = bindings.records[address]
            answered = record.sort_order or 0.0
            if orders.is_stored_as(answered, item.sort_order):
                continue
            is_pending = any(orders.is_stored_as(order, item.sort_order) for order in pending)
            right = [
                other.id
                for other in live.loaded_items
                if other.id not in known
                and orders.is_stored_as(answered, other.sort_order)
                and (is_pending or record.revision in map(value_digest, (other.created, other.updated)))
            ]
            if len(right) == 1:
                ids[address] = right[0]
            elif is_pending:
                del ids[address]
    if ids == bindings.ids:
        return bindings
    return replace(bindings, ids=ids, records={a: record for a, record in bindings.records.items() if a in ids})


def _moved_items(
    bindings: Bindings, galleries: Mapping[str, LiveGallery]
) -> Mapping[Address, Mapping[Address, LiveItem]]:
    """Return the created items whose sort order is not that of the last response, by gallery and address."""
    moved: defaultdict[Address, dict[Address, LiveItem]] = defaultdict(dict)
    for address, item in _bound_items(bindings, galleries):
        record = bindings.records.get(address, NEVER_APPLIED)
        if record.origin is Origin.CREATED and record.sort_order not in (None, item.sort_order):
            moved[address.parent][address] = item
    return moved


def _bound_items(bindings: Bindings, galleries: Mapping[str, LiveGallery]) -> Iterator[tuple[Address, LiveItem]]:
    addresses = {id_: address for address, id_ in bindings.ids.items()}
    for gallery in galleries.values():
        for item in gallery.loaded_items:
            address = addresses.get(item.id)
            if address is not None and bindings.ids.get(address.parent) == gallery.id:
                yield address, item
