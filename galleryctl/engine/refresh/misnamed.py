"""Correct the ids in state of items that a response gave another name.

A response can name an item that somebody else, or another create of the same run, made a moment before. At that time
such an id is as new as the right one, so the error shows only afterwards, from the sort orders:

    sent a 2048.5; the response named y, and said 2048.5, changed at 12:00:01
    the site has x 2048.5, created at 12:00:01, and y 4096.5     a is x; y is somebody else's
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
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
    pending create made, the sort order suffices, also if the response to another create named it; without such an item, the
    address is dropped and created again.
    """
    ids = dict(bindings.ids)
    for gallery, moved in _moved_items(bindings, galleries).items():
        pending = [create.sort_order for address, create in creates.items() if address.parent == gallery]
        right = _right_ids(bindings, galleries[ids[gallery]], moved, pending)
        taken = set(right.values())
        kept = {a: id_ for a, id_ in ids.items() if a not in right and (a not in moved or id_ not in taken)}
        ids = kept | {address: id_ for address, id_ in right.items() if id_ is not None}
    if ids == bindings.ids:
        return bindings
    return replace(bindings, ids=ids, records={a: record for a, record in bindings.records.items() if a in ids})


def _right_ids(
    bindings: Bindings, gallery: LiveGallery, moved: Mapping[Address, LiveItem], pending: Collection[float]
) -> Mapping[Address, str | None]:
    """Return the right id of each misnamed address, None for one to drop; `pending` are sort orders of other creates."""
    recorded = bindings.sort_order_formats.get(next(iter(moved)).parent)
    orders = OrderReading.of_items(gallery, recorded)
    answered = {address: bindings.records[address].sort_order or 0.0 for address in moved}
    misnamed = {a: item for a, item in moved.items() if not orders.is_stored_as(answered[a], item.sort_order)}
    known = {*bindings.ids.values(), *bindings.deposed}
    known_for_certain = known - {item.id for item in misnamed.values()}
    right: dict[Address, str | None] = {}
    for address, item in misnamed.items():
        is_pending = any(orders.is_stored_as(order, item.sort_order) for order in pending)
        revision = bindings.records[address].revision
        candidates = [
            other.id
            for other in gallery.loaded_items
            if other.id not in (known_for_certain if is_pending else known)
            and orders.is_stored_as(answered[address], other.sort_order)
            and (is_pending or revision in map(value_digest, (other.created, other.updated)))
        ]
        if len(candidates) == 1:
            right[address] = candidates[0]
        elif is_pending:
            right[address] = None
    return right


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
