"""Correct the ids in state that the response to another create named.

A response can name an item that another create of the same run made, whose own response never came. At that time the id
is new, so the error shows only afterwards, from the sort orders:

    sent a 2048.5 and b 4096.5; the response to a named y; the run was killed before the response to b
    the site has x 2048.5, y 4096.5     y is b, which is pending, and not a: a is x
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from galleryctl.engine.refresh.lookup import OrderReading
from galleryctl.engine.refresh.pending import UnconfirmedCreate
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.last_applied import NEVER_APPLIED
from galleryctl.model.live import LiveGallery


def correct_misnamed(
    bindings: Bindings, creates: Mapping[Address, UnconfirmedCreate], galleries: Mapping[str, LiveGallery]
) -> Bindings:
    """Return `bindings` without the ids of items that the pending `creates` made; `galleries` are those read, by id.

    An address with such an id gets that of the only new item with the sort order in its response. Without one it is
    dropped, and the next plan creates it.
    """
    ids = dict(bindings.ids)
    for address, create in creates.items():
        gallery = galleries.get(ids.get(address.parent, create.gallery_id))
        if gallery is not None:
            orders = OrderReading.of_items(gallery, bindings.sort_order_formats.get(address.parent))
            owners = {id_: owner for owner, id_ in ids.items()}
            new = [item for item in gallery.loaded_items if item.id not in create.listed]
            for item in (item for item in new if orders.is_stored_as(create.sort_order, item.sort_order)):
                owner = owners.get(item.id, address)
                answered = bindings.records.get(owner, NEVER_APPLIED).sort_order
                if owner == address or answered is None or orders.is_stored_as(answered, item.sort_order):
                    continue
                del ids[owner]
                own = [i.id for i in new if i.id not in owners and orders.is_stored_as(answered, i.sort_order)]
                ids.update({owner: own[0]} if len(own) == 1 else {})
    if ids == bindings.ids:
        return bindings
    return replace(bindings, ids=ids, records={a: record for a, record in bindings.records.items() if a in ids})
