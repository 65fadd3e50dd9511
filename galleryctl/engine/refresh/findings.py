"""The findings about the creates of an interrupted run, and the questions that only a person can answer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from galleryctl.engine.refresh.lookup import Lookup, OrderReading, R, find_created_item, match_inline_items
from galleryctl.engine.refresh.pending import UnconfirmedCreate
from galleryctl.engine.refresh.recovered_values import recovered_record
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.last_applied import LastApplied, Origin, SortOrderFormat
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.plan.changes import DoubtResolution, Refusal
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


_AnyLookup = Lookup[LiveItem] | Lookup[LiveGallery]


class Findings:
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

    def add_inline_items(self, pending: Iterable[Intent], galleries: Mapping[str, LiveGallery]) -> None:
        """Add the items that were created together with their gallery, if that was found.

        The gallery was created with all of them. One that is not at its sort order was moved or deleted by a person: if
        there are new items that could be it, it is asked about.
        """
        tries: dict[Address, list[Intent]] = {}
        for intent in pending:
            for address in (each for each in intent.created if each.item is None):
                if intent not in tries.setdefault(address, []):  # it may be carried along for several of its items
                    tries[address].append(intent)
        for address, intents in tries.items():
            gallery = galleries.get(self._bindings.ids.get(address, ""))
            if gallery is not None and gallery.id not in intents[0].listed:
                self._add_items_of_new_gallery(intents, gallery, address)

    def _add_items_of_new_gallery(
        self, tries: Sequence[Intent], gallery: LiveGallery, gallery_address: Address
    ) -> None:
        """Add the items of the try that created the gallery: the one with the most items there, the latest of these."""
        live = {item.id for item in gallery.loaded_items}
        bound = {address for address, id_ in self._bindings.ids.items() if id_ in live}
        known = {*self._bindings.ids.values(), *self._bindings.deposed}
        items = [item for item in gallery.loaded_items if item.id not in known]

        def matches(intent: Intent) -> tuple[Mapping[Address, LiveItem], SortOrderFormat]:
            orders = intent.sort_orders.items()
            return match_inline_items({a: order for a, order in orders if a.item and a not in bound}, items)

        creator = max(reversed(tries), key=lambda intent: len(bound & intent.created) + len(matches(intent)[0]))
        found, stored_as = matches(creator)
        for address, item in found.items():
            self._ids[address] = item.id
            self._records[address] = recovered_record(address, tries, item, Origin.CREATED)
        if stored_as is not SortOrderFormat.DOUBLE:
            self._formats[gallery_address] = stored_as
        orders = OrderReading.of_items(gallery, stored_as)
        for address in sorted(creator.created - bound - found.keys() - {gallery_address}):
            self._add_missing_inline_item(address, creator, items, orders)

    def _add_missing_inline_item(
        self, address: Address, intent: Intent, items: Iterable[LiveItem], orders: OrderReading
    ) -> None:
        """Add what a manifest says of an item that was sent with its gallery and is not found, or ask about it.

        `items` are those of the gallery that are not in state.
        """
        create = UnconfirmedCreate(sort_order=intent.sort_orders[address], tries=(intent,))
        shown = create.shown(address)
        kinds = {item.kind for item in shown}
        known = {*self._ids.values(), *self.ids_of_others(address)}
        candidates = [item for item in items if item.id not in known and item.kind in kinds]
        others = set(intent.sort_orders.values()) - {create.sort_order}
        lookup = find_created_item(create.sort_order, shown, candidates, orders, others=others)
        lookup = self.adopted(address, candidates) or lookup
        if lookup.found is not None or lookup.candidates:
            self.add(address, create, lookup, orders)

    def recovery(self) -> Recovery:
        """Return the state with all findings; an item that a found one replaces is deposed: it is still to be deleted."""
        result = StepResult(ids=self._ids, records=self._records, sort_order_formats=self._formats)
        return Recovery(
            bindings=apply_result(self._bindings, result),
            unconfirmed=self._unconfirmed,
            refusals=tuple(self._refusals),
        )


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
        why=f"an earlier run may have created it as {' or '.join(shown)}: {lookup.reason}",
        allow=f"in the manifest of {address.parent}: {ours} {which}, {foreign} {rest}",
    )


def _describe(live: LiveItem | LiveGallery) -> str:
    name = item_title(live) if isinstance(live, LiveItem) else live.name
    return f"{live.id} ({name!r})" if name else live.id
