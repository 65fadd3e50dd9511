"""The positions and new sort orders of the items of one gallery."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import DesiredGallery, DesiredItem, ItemOrder
from galleryctl.model.fields import values_equal
from galleryctl.model.last_applied import NEVER_APPLIED
from galleryctl.model.live import LiveItem
from galleryctl.model.tolerated import ITEM_FIELD, POSITION_FIELD, ToleratedDrift
from galleryctl.plan.changes import Cause
from galleryctl.plan.identity.identify import GalleryItems
from galleryctl.plan.identity.items import ItemMatch
from galleryctl.plan.ordering.reorder import OrderSource, assign_sort_orders
from galleryctl.plan.resources import DisplayPosition
from galleryctl.plan.targets import is_targeted
from galleryctl.plan.tolerate import Tolerance, judge_missing, judge_positions, tolerated_addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLists:
    """The desired and the live items of a gallery, each in display order, and the sort orders of creates in doubt."""

    desired: Sequence[DesiredItem]
    live: Sequence[LiveItem]
    unsupported_sort_orders: Sequence[float]
    matches: Mapping[Address, ItemMatch]
    in_doubt: Mapping[Address, float]

    def current_order(self, item: DesiredItem) -> float | None:
        """Return the sort order of a desired item now, None if it is new: a create in doubt has the one that was sent."""
        match = self.matches.get(item.address)
        if match and match.live.kind is item.kind:
            return match.live.sort_order
        return self.in_doubt.get(item.address)


NOT_MOVED = DisplayPosition(before=0, after=0, sort_order=None)
"""The position of an item that the plan does not order."""


def display_positions(
    lists: ItemLists, item_order: ItemOrder, targets: Collection[Address], source: OrderSource
) -> Mapping[Address, DisplayPosition]:
    """Return the positions of the items that are new, replaced or moved; only `targets` are moved.

    `source` is that of new sort orders.
    """
    desired, matches = lists.desired, lists.matches
    live_index = {item.id: i for i, item in enumerate(lists.live)}
    current_order = sorted(matches, key=lambda address: live_index[matches[address].live.id])
    before = {address: i for i, address in enumerate(current_order, 1)}
    orders: Mapping[int, float] = {}
    if not _already_in_order(desired, current_order, matches, lists.live):
        used = (*(item.sort_order for item in lists.live), *lists.unsupported_sort_orders)
        head = desired[: len(desired) - _length_of_unordered_tail(desired, matches, live_index)]
        targeted = (i for i, item in enumerate(head) if is_targeted(item.address, targets))
        orders = assign_sort_orders(list(map(lists.current_order, head)), used, item_order, targeted, source)
    return {
        item.address: DisplayPosition(before=before.get(item.address, 0), after=i + 1, sort_order=orders.get(i))
        for i, item in enumerate(desired)
        if i in orders or (match := matches.get(item.address)) is None or match.live.kind is not item.kind
    }


def _already_in_order(
    desired: Sequence[DesiredItem],
    current_order: Sequence[Address],
    matches: Mapping[Address, ItemMatch],
    live_items: Sequence[LiveItem],
) -> bool:
    """Return True if the items are displayed in the desired order, even if those at the end have no sort order."""
    values = [item.sort_order for item in live_items if item.sort_order is not None]
    return (
        len(set(values)) == len(values)
        and [item.address for item in desired] == list(current_order)
        and all(matches[item.address].live.kind is item.kind for item in desired)
    )


def _length_of_unordered_tail(
    desired: Sequence[DesiredItem], matches: Mapping[Address, ItemMatch], live_index: Mapping[str, int]
) -> int:
    """Return the number of items at the end that need no sort order: without one, they are displayed there already."""
    count, following = 0, len(live_index)
    for item in reversed(desired):
        live = match.live if (match := matches.get(item.address)) else None
        if (
            live is None
            or live.sort_order is not None
            or live.kind is not item.kind
            or live_index[live.id] >= following
        ):
            break
        count, following = count + 1, live_index[live.id]
    return count


def position_of_new(position: DisplayPosition, sent: float | None) -> DisplayPosition:
    """Return the position of an item to create: a create in doubt keeps the sort order that was sent where it fits."""
    return position if position.sort_order is not None else replace(position, sort_order=sent)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPlaces:
    """The positions of the items that the plan orders: all but the `fixed` and the `missing` ones.

    A missing item is tolerated. The place of a fixed one is tolerated, or unknown, or it is held.
    """

    positions: Mapping[Address, DisplayPosition]
    cause_of_moves: Cause
    fixed: frozenset[Address] = frozenset()
    missing: frozenset[Address] = frozenset()
    tolerated: tuple[ToleratedDrift, ...] = ()

    @classmethod
    def build(
        cls,
        desired: DesiredGallery,
        identified: GalleryItems,
        item_order: ItemOrder,
        targets: Collection[Address],
        source: OrderSource,
        in_doubt: Mapping[Address, float],
        tolerance: Tolerance,
    ) -> ItemPlaces:
        """Return the positions; an item that stays where the site has it is ordered as an unmanaged one is: not at all."""
        effects = judge_missing(desired, identified, tolerance, in_doubt)
        missing = tolerated_addresses(effects, ITEM_FIELD)
        lists = ItemLists(
            desired=[item for item in desired.items if item.address not in missing],
            live=identified.items,
            unsupported_sort_orders=identified.live.unsupported_sort_orders,
            matches=identified.matches,
            in_doubt=in_doubt,
        )

        def moving() -> list[Address]:
            positions = display_positions(lists, item_order, (), source)
            return [a for a, place in positions.items() if place.sort_order is not None and a in identified.matches]

        effects += judge_positions(desired, identified, tolerance, moving)
        fixed = tolerated_addresses(effects, POSITION_FIELD) | _kept_in_place(desired, identified.matches)
        if fixed:
            lists = replace(
                lists,
                desired=[item for item in lists.desired if item.address not in fixed],
                matches={a: match for a, match in identified.matches.items() if a not in fixed},
            )
        return cls(
            positions=display_positions(lists, item_order, targets, source),
            cause_of_moves=_cause_of_moves(lists.matches, identified.state),
            fixed=fixed,
            missing=missing,
            tolerated=effects,
        )


def _kept_in_place(desired: DesiredGallery, matches: Mapping[Address, ItemMatch]) -> frozenset[Address]:
    """Return the items that are held, and those that the site has and whose place is not known."""
    return frozenset(
        item.address
        for item in desired.items
        if item.held is not None or (item.keeps_place and item.address in matches)
    )


def _cause_of_moves(matches: Mapping[Address, ItemMatch], state: Bindings) -> Cause:
    """Return DRIFT if an item has another sort order than at the last apply, or an unknown one; else MANIFEST."""
    for address, match in matches.items():
        if state.ids.get(address) == match.live.id:
            last = state.records.get(address, NEVER_APPLIED).sort_order
            if not values_equal(last, match.live.sort_order):
                return Cause.DRIFT
    return Cause.MANIFEST
