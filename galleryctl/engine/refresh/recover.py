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

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from galleryctl.engine.refresh.lookup import (
    Lookup,
    OrderReading,
    R,
    find_created,
    find_created_item,
    match_inline_items,
)
from galleryctl.engine.refresh.misnamed import correct_misnamed
from galleryctl.engine.refresh.pending import UnconfirmedCreate, pending_creates
from galleryctl.engine.refresh.recover_updates import recover_updates
from galleryctl.engine.refresh.recovered_values import recovered_record
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.last_applied import LastApplied, Origin, SortOrderFormat
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.plan.changes import NO_DOUBTS, DoubtResolution, Refusal
from galleryctl.plan.ordering.floats import stored_format
from galleryctl.plan.resources import item_title
from galleryctl.state.journal import apply_result
from galleryctl.state.journal_records import Intent, StepResult

_MAX_SHOWN = 5
"""The most candidates that a refusal lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """The state including what an interrupted run did, and the creates whose effect is still unknown.

    The addresses in `bindings` are those of the journal, the addresses in doubt those of the manifests.
    """

    bindings: Bindings
    unconfirmed: Mapping[Address, UnconfirmedCreate] = field(default_factory=dict)
    refusals: tuple[Refusal, ...] = ()


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
    found = _Findings(bindings, resolution)
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
    found = _Findings(bindings, resolution, recovery)
    for intent in pending:
        if intent.kind == "create-gallery":
            found.add_inline_items(intent, by_id)
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


_AnyLookup = Lookup[LiveItem] | Lookup[LiveGallery]


class _Findings:
    """The findings about creates in doubt, added one by one."""

    def __init__(self, bindings: Bindings, resolution: DoubtResolution, before: Recovery | None = None) -> None:
        self._bindings = bindings
        self._resolution = resolution
        self._ids: dict[Address, str] = {}
        self._records: dict[Address, LastApplied] = {}
        self._formats: dict[Address, SortOrderFormat] = {}
        self._unconfirmed = dict(before.unconfirmed) if before else {}
        self._refusals = list(before.refusals) if before else []

    def _current(self, address: Address) -> Address:
        """Return the address in the manifests."""
        return self._resolution.moved.get(address, address)

    def is_done(self, address: Address, create: UnconfirmedCreate, live: Collection[str]) -> bool:
        """Return True if a later run created or found it: its address has a live resource that is newer than the create."""
        bound = self._bindings.ids.get(address)
        return bound in live and bound not in create.listed

    def ids_of_others(self, address: Address) -> set[str]:
        """Return the ids that a manifest assigns to somebody else, or to another of its resources."""
        adopt = self._resolution.adopt.items()
        return {*self._resolution.foreign, *(id_ for named, id_ in adopt if named != self._current(address))}

    def adopted(self, address: Address, candidates: Iterable[R]) -> Lookup[R] | None:
        """Return the candidate that a manifest names, None if it names none."""
        named = self._resolution.adopt.get(self._current(address))
        return next((Lookup(found=each) for each in candidates if each.id == named), None)

    def add(self, address: Address, create: UnconfirmedCreate, lookup: _AnyLookup, orders: OrderReading) -> None:
        """Add what a look-up found."""
        current = self._current(address)
        if lookup.found is not None:
            self._add_found(address, create, lookup.found)
            return
        declared = {current, current.parent} & self._resolution.declared
        if lookup.candidates and declared:
            self._refusals.append(_refusal(current, lookup, is_declared=current in declared))
        elif current not in declared or orders.is_taken(create.sort_order):
            return
        self._unconfirmed[current] = create.renamed(self._resolution.moved)

    def _add_found(self, address: Address, create: UnconfirmedCreate, live: LiveItem | LiveGallery) -> None:
        is_named = self._resolution.adopt.get(self._current(address)) == live.id
        origin = Origin.ADOPTED if is_named else Origin.CREATED
        self._ids[address] = live.id
        self._records[address] = recovered_record(address, create.tries, live, origin)
        fmt = stored_format(create.sort_order, live.sort_order)
        if address.item is not None and fmt is not None and fmt is not SortOrderFormat.DOUBLE:
            self._formats[address.parent] = fmt

    def add_inline_items(self, intent: Intent, galleries: Mapping[str, LiveGallery]) -> None:
        """Add the items that were created together with their gallery, if that was found."""
        for gallery_address in (address for address in intent.sort_orders if address.item is None):
            gallery = galleries.get(self._bindings.ids.get(gallery_address, ""))
            if gallery is None or gallery.id in intent.listed:
                continue
            live = {item.id for item in gallery.loaded_items}
            ids = {**self._bindings.ids, **self._ids}
            bound = {address for address, id_ in ids.items() if id_ in live}
            known = {*ids.values(), *self._bindings.deposed}
            items = [item for item in gallery.loaded_items if item.id not in known]
            sent = {a: order for a, order in intent.sort_orders.items() if a.item is not None and a not in bound}
            found, fmt = match_inline_items(sent, items)
            for address, item in found.items():
                self._ids[address] = item.id
                self._records[address] = recovered_record(address, (intent,), item, Origin.CREATED)
            if fmt is not SortOrderFormat.DOUBLE:
                self._formats[gallery_address] = fmt

    def recovery(self) -> Recovery:
        """Return the state with all findings; an item that a found one replaces is deposed: it is still to be deleted."""
        result = StepResult(ids=self._ids, records=self._records, sort_order_formats=self._formats)
        return Recovery(
            bindings=apply_result(self._bindings, result),
            unconfirmed=self._unconfirmed,
            refusals=tuple(self._refusals),
        )


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


def _refusal(address: Address, lookup: _AnyLookup, *, is_declared: bool) -> Refusal:
    """Return the question whether one of the candidates is the created resource; `is_declared` if it is in a manifest."""
    ids = [candidate.id for candidate in lookup.candidates]
    shown = [*map(_describe, lookup.candidates[:_MAX_SHOWN]), *(["others"] if len(ids) > _MAX_SHOWN else [])]
    foreign = f"foreign: [{', '.join(ids[:_MAX_SHOWN])}]"
    if address.item is None:
        ours = f"bind: {{id: {ids[0]}}}"
    else:
        ours = f"adopt: {{{address.item}: {ids[0]}}}" + ("" if is_declared else f" with an entry {address.item}")
    which = "if it is" if len(ids) == 1 else "for the right one"
    rest = "if it is not" if len(ids) == 1 else "for the others"
    return Refusal(
        address=address,
        why=f"an interrupted run may have created it as {' or '.join(shown)}: {lookup.reason}",
        allow=f"in the manifest of {address.parent}: {ours} {which}, {foreign} {rest}",
    )


def _describe(live: LiveItem | LiveGallery) -> str:
    name = item_title(live) if isinstance(live, LiveItem) else live.name
    return f"{live.id} ({name!r})" if name else live.id
