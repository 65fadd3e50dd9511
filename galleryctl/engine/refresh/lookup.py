"""Look up what a create made, if its answer was lost: by what a site cannot rewrite.

That is an id that was not listed before the create, and the sort order that was sent, which nobody else comes upon: it
is random, and neither a whole number nor the mean of two neighbours. Texts are never compared; a site may rewrite them.
Example: sent was an image with file f1 and sort order 1.4182, between a 1.0 and c 2.0.

    a 1.0, b 1.4182, c 2.0                      b was created
    a 1.0, b 1.4182 (f1), c 2.0, d 9.0 (f1)     to be asked: one of b and d is the created one, the other a copy
    a 1.0, b 1.41820, c 2.0                     to be asked, if b is 1.4182 rounded: rounding makes values meet
    a 1.0, c 2.0, d 9.0 (f1)                    to be asked: somebody moved the created item, or added another
    a 1.0, c 2.0, d 9.0 (f2)                    not created, or not seen yet; d belongs to somebody else
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from galleryctl.model.address import Address
from galleryctl.model.last_applied import SortOrderFormat
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.media import Kind
from galleryctl.plan.identity.evidence import media_digest
from galleryctl.plan.ordering.floats import FLOAT_FORMATS, coarsest, stored_format
from galleryctl.plan.ordering.gaps import UsedOrders
from galleryctl.state.journal_records import SentItem

R = TypeVar("R", LiveItem, LiveGallery)

_MIN_FREE_VALUES = 1000
"""The fewest free values around a sort order for it to identify a resource."""
_TOO_FEW_VALUES = "it has the sort order that was sent, but few others are free there"
_ONLY_ROUNDED = "it has the sort order that was sent, but only after rounding"
_SEVERAL = "more than one new item could be it"
_ALIKE = "it is new, and shows what was sent at another place"
_NEW_TEXT = "it is a new text, and the site may have rewritten what was sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup(Generic[R]):
    """The created resource if it was found; else the candidates that only a person can decide on, and the reason."""

    found: R | None = None
    candidates: tuple[R, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReading:
    """The sort orders that a read shows in one list, and the formats in which the site may store them."""

    used: UsedOrders
    formats: frozenset[SortOrderFormat]

    @classmethod
    def of(cls, live: Iterable[float | None], recorded: SortOrderFormat | None = None) -> OrderReading:
        """Return the reading of a list; `recorded` is the format in state."""
        values = {value for value in live if value is not None}
        formats = frozenset(each.stored_as for each in FLOAT_FORMATS if each.may_store(values))
        return cls(used=UsedOrders.from_values(values, recorded=recorded), formats=formats)

    @classmethod
    def of_items(cls, gallery: LiveGallery, recorded: SortOrderFormat | None = None) -> OrderReading:
        """Return the reading of the items of a gallery."""
        items = (item.sort_order for item in gallery.loaded_items)
        return cls.of((*items, *gallery.unsupported_sort_orders), recorded)

    def is_stored_as(self, sent: float, stored: float | None) -> bool:
        """Return True if the site may have stored `sent` as `stored`, exactly or rounded."""
        return stored_format(sent, stored) in self.formats

    def is_taken(self, sent: float) -> bool:
        """Return True if a resource has the sort order, so that the API rejects a create with it."""
        return any(self.is_stored_as(sent, value) for value in self.used.values)


def find_created(
    sent: float,
    candidates: Collection[R],
    orders: OrderReading,
    *,
    others: Collection[float],
    is_alike: Callable[[R], bool],
) -> Lookup[R]:
    """Return the resource that was created with the sort order `sent`, or those to ask a person about.

    `candidates` have ids that were not listed before, are not in state and may be of the right kind. `others` are the
    sort orders of other creates in doubt: what has one of them is theirs. `is_alike` tells what shows the same.
    """
    own: list[R] = [each for each in candidates if each.sort_order == sent]
    rest = [each for each in candidates if each.sort_order != sent and each.sort_order not in others]
    rounded: list[R] = [each for each in rest if orders.is_stored_as(sent, each.sort_order)]
    elsewhere: list[R] = [
        each
        for each in rest
        if is_alike(each) and not any(orders.is_stored_as(order, each.sort_order) for order in (sent, *others))
    ]
    to_ask = tuple(own + rounded + elsewhere)
    if len(own) == 1 and not elsewhere:
        if orders.used.count_free_around(sent) >= _MIN_FREE_VALUES:
            return Lookup(found=own[0])
        return Lookup(candidates=to_ask, reason=_TOO_FEW_VALUES)
    if own or (rounded and elsewhere):
        return Lookup(candidates=to_ask, reason=_SEVERAL)
    return Lookup(candidates=to_ask, reason=_ONLY_ROUNDED if rounded else _ALIKE if elsewhere else "")


def find_created_item(
    sent: float,
    shown: Collection[SentItem],
    new_items: Iterable[LiveItem],
    orders: OrderReading,
    *,
    others: Collection[float],
) -> Lookup[LiveItem]:
    """Return the item that was created with the sort order `sent` and one of the contents in `shown`.

    `new_items` are those of the gallery that were not listed before and are not in state; `others` are as in
    `find_created`. For a text every other new text is alike, since a site may rewrite it.
    """
    kinds = {item.kind for item in shown}
    candidates = [item for item in new_items if item.kind in kinds]

    def is_alike(item: LiveItem) -> bool:
        return SentItem(kind=item.kind, media=item_media_digest(item)) in shown

    lookup = find_created(sent, candidates, orders, others=others, is_alike=is_alike)
    if lookup.reason == _ALIKE and all(item.kind is Kind.TEXT for item in lookup.candidates):
        return Lookup(candidates=lookup.candidates, reason=_NEW_TEXT)
    return lookup


def item_media_digest(item: LiveItem) -> str:
    """Return the digest of what an item shows, as in `SentItem.media`."""
    return "" if item.kind is Kind.TEXT else media_digest(item.media)


def match_inline_items(
    sent: Mapping[Address, float], items: Iterable[LiveItem]
) -> tuple[Mapping[Address, LiveItem], SortOrderFormat]:
    """Return the items that were created together with their gallery, and the format in which the site stored them.

    Nobody but us could add items before the gallery existed. Values that are equal only after rounding count if no other
    item has come since:

        sent a 2048.5, b 4096.5; the site has 2049, 4097            a and b, stored as whole numbers
        sent a 2048.5, b 4096.5; the site has 2049, 3000, 4097      none: one may be somebody else's
    """
    by_order = {item.sort_order: item for item in items if item.sort_order is not None}
    exact = {address: by_order.pop(order) for address, order in sent.items() if order in by_order}
    missing = iter(sorted((order, address) for address, order in sent.items() if address not in exact))
    rounded: dict[Address, LiveItem] = {}
    formats = {SortOrderFormat.DOUBLE}
    for stored, item in sorted(by_order.items(), key=lambda each: each[0]):
        fits = ((address, fmt) for order, address in missing if (fmt := stored_format(order, stored)) is not None)
        address, fmt = next(fits, (None, None))
        if address is None or fmt is None:
            return exact, SortOrderFormat.DOUBLE
        rounded[address] = item
        formats.add(fmt)
    return {**exact, **rounded}, coarsest(formats)
