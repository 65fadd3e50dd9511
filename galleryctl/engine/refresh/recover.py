"""Recover the steps of an interrupted run whose responses were lost, from what the site shows now.

A create is journalled before it is sent, with its sort order and the ids that were listed (see `lookup`). With the
pending intent `create-item weddings/cake, sort order 1.4182`:

    live a 1.0, b 1.4182, c 2.0    b was created: its id becomes the binding of weddings/cake
    live a 1.0, c 2.0              in doubt: not created, or not seen yet; the next apply sends 1.4182 again, which the
                                   API rejects if the item exists after all
    live a 1.0, c 1.4182           not created: the API rejects a sort order that another item has
    anything else                  in doubt, and the plan is refused until a manifest says which item it is
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from galleryctl.engine.refresh.findings import Findings, Recovery
from galleryctl.engine.refresh.lookup import (
    OrderReading,
    find_created,
    find_created_item,
)
from galleryctl.engine.refresh.misnamed import correct_misnamed
from galleryctl.engine.refresh.pending import pending_creates
from galleryctl.engine.refresh.recover_updates import recover_updates
from galleryctl.model.bindings import Bindings
from galleryctl.model.live import LiveGallery
from galleryctl.plan.changes import NO_DOUBTS, DoubtResolution
from galleryctl.state.journal import apply_result
from galleryctl.state.journal_records import Intent, StepResult


def recover_galleries(
    bindings: Bindings,
    pending: Iterable[Intent],
    galleries: Collection[LiveGallery],
    resolution: DoubtResolution = NO_DOUBTS,
) -> Recovery:
    """Return `bindings` with the galleries that a pending intent created, and the galleries in doubt."""
    creates = {a: create for a, create in pending_creates(pending).items() if a.item is None}
    if not creates:
        return Recovery(bindings=bindings)
    found = Findings(bindings, resolution)
    live = {gallery.id: gallery for gallery in galleries}
    orders = OrderReading.of(gallery.sort_order for gallery in galleries)
    for address, create in creates.items():
        if found.is_done(address, create, live):
            continue
        known = {*bindings.ids.values(), *create.listed, *found.ids_of_others(address)}
        candidates = [gallery for gallery in galleries if gallery.id not in known]
        others = {other.sort_order for other in creates.values()} - {create.sort_order}
        lookup = find_created(create.sort_order, candidates, orders, others=others, is_alike=lambda _: False)
        found.add(address, create, found.adopted(address, candidates) or lookup, orders)
    return found.recovery()


def recover_items(
    recovery: Recovery,
    pending: Collection[Intent],
    galleries: Iterable[LiveGallery],
    resolution: DoubtResolution = NO_DOUBTS,
) -> Recovery:
    """Return `recovery` with the items that a pending intent created, alone or with their gallery.

    Ids that a response named by mistake are corrected, even if nothing is pending.
    """
    by_id = {gallery.id: gallery for gallery in galleries if gallery.items is not None}
    creates = {a: create for a, create in pending_creates(pending).items() if a.item is not None}
    bindings = correct_misnamed(recovery.bindings, creates, by_id)
    if not any(intent.is_create for intent in pending):
        return replace(recovery, bindings=bindings)
    found = Findings(bindings, resolution, recovery)
    found.add_inline_items(pending, by_id)
    for address, create in creates.items():
        gallery = by_id.get(bindings.ids.get(address.parent, create.gallery_id))
        # A gallery that was not read is gone, or no longer managed: nothing will be created there.
        if gallery is None or found.is_done(address, create, {item.id for item in gallery.loaded_items}):
            continue
        known = {*bindings.ids.values(), *bindings.deposed, *create.listed, *found.ids_of_others(address)}
        orders = OrderReading.of_items(gallery, bindings.sort_order_formats.get(address.parent))
        shown = create.shown(address)
        kinds = {item.kind for item in shown}
        new_items = [item for item in gallery.loaded_items if item.id not in known and item.kind in kinds]
        others = {other.sort_order for a, other in creates.items() if a.parent == address.parent and a != address}
        lookup = find_created_item(create.sort_order, shown, new_items, orders, others=others)
        found.add(address, create, found.adopted(address, new_items) or lookup, orders)
    return found.recovery()


def recover_deletes(bindings: Bindings, pending: Iterable[Intent], galleries: Iterable[LiveGallery]) -> Bindings:
    """Return `bindings` without the resources that a pending intent deleted: the site was read without them."""
    by_id = {gallery.id: gallery for gallery in galleries}
    existing = {*by_id, *(item.id for gallery in by_id.values() for item in gallery.items or ())}
    owners = {**{id_: address for address, id_ in bindings.ids.items()}, **bindings.deposed}

    def is_gone(id_: str) -> bool:
        gallery = by_id.get(bindings.ids.get(owners[id_].parent, "")) if id_ in owners else None
        return id_ not in existing and (gallery is None or gallery.items is not None)

    sent = [id_ for intent in pending if intent.kind == "delete" for id_ in intent.ids]
    return apply_result(bindings, StepResult(removed=tuple(filter(is_gone, sent))))


def recover_steps(
    recovery: Recovery, pending: Collection[Intent], galleries: Collection[LiveGallery], resolution: DoubtResolution
) -> Recovery:
    """Return `recovery`, which has the galleries, with the creates of items, the updates and the deletes."""
    recovered = recover_items(recovery, pending, galleries, resolution)
    if not pending:
        return recovered
    bindings = recover_deletes(recovered.bindings, pending, galleries)
    return replace(recovered, bindings=recover_updates(bindings, pending, galleries))
