"""Sort orders for a list: as few new ones as possible (design, rule 3).

The items on a longest increasing run keep what they have; the others get values in the gaps between those, or beyond
the ends. No new value is live in the gallery when the plan is made, not even on an item that moves or goes, so the
writes can be made in any order and no two items ever share a value.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from galleryctl.model.desired import ItemOrder
from galleryctl.plan.ordering.gaps import UsedOrders


def assign_sort_orders(
    current: Sequence[float | None],
    live: Iterable[float | None],
    item_order: ItemOrder = ItemOrder.ASCENDING,
) -> Mapping[int, float]:
    """The new sort orders, by place in the list.

    `current` holds the list's sort orders in the wanted order of display, None for what is new; `live` every sort order
    of the gallery now. One that is live twice tells no order, so it is replaced too.
    """
    values = [value for value in live if value is not None]
    if not values:
        count = len(current)
        return {i: float(i + 1 if item_order is ItemOrder.ASCENDING else count - i) for i in range(count)}
    if item_order is ItemOrder.DESCENDING:
        mirrored = _negate(current)
        return {i: -value for i, value in assign_sort_orders(mirrored, _negate(values)).items()}
    usable = _drop_duplicates(current, values)
    kept = longest_run(usable)
    if len(kept) == len(current):
        return {}
    return _fill_gaps(usable, kept, UsedOrders.from_values(values))


def already_ordered(
    current: Sequence[float | None],
    live: Iterable[float | None],
    item_order: ItemOrder = ItemOrder.ASCENDING,
) -> frozenset[int]:
    """The places in the list that stand in order already; `place` keeps them wherever there is room between them."""
    if item_order is ItemOrder.DESCENDING:
        return already_ordered(_negate(current), _negate(live))
    return frozenset(longest_run(_drop_duplicates(current, live)))


def _negate(values: Iterable[float | None]) -> list[float | None]:
    return [None if value is None else -value for value in values]


def _drop_duplicates(current: Sequence[float | None], live: Iterable[float | None]) -> list[float | None]:
    often = Counter(live)
    return [None if value is None or often[value] != 1 else value for value in current]


def longest_run(values: Sequence[float | None]) -> list[int]:
    """The places of a longest strictly increasing run, ascending; None is never on it."""
    tails: list[float] = []
    places: list[int] = []
    before: dict[int, int] = {}
    for i, value in enumerate(values):
        if value is None:
            continue
        at = bisect_left(tails, value)
        if at:
            before[i] = places[at - 1]
        tails[at : at + 1] = [value]
        places[at : at + 1] = [i]
    run = places[-1:]
    while run and run[-1] in before:
        run.append(before[run[-1]])
    return run[::-1]


@dataclass(frozen=True, slots=True)
class _GapLayout:
    """A list's values, None where one is to be found; the live ones; and between which places the gaps lie.

    Gap `g` goes from `bounds[g]` to `bounds[g + 1]`, the places that keep their values; -1 and the length are the ends.
    """

    values: Sequence[float | None]
    used: UsedOrders
    bounds: list[int]

    def limits(self, gap: int) -> tuple[float | None, float | None]:
        """The values on both sides of a gap, None beyond the list's ends."""
        low, high = self.bounds[gap], self.bounds[gap + 1]
        return (
            self.values[low] if low >= 0 else None,
            self.values[high] if high < len(self.values) else None,
        )

    def slack(self, gap: int) -> int:
        """How many free values a gap has beyond the places in it; negative when it has run out."""
        low, high = self.limits(gap)
        return self.used.count_free(low, high) - (self.bounds[gap + 1] - self.bounds[gap] - 1)

    def places_to_release(self, gap: int) -> tuple[int, int]:
        """How many kept places to give up left and right of `gap`, together as few as possible, for all to fit."""
        reach = 4
        own = self.slack(gap)
        while True:
            left, right = (self._slack_gains(gap, step, reach) for step in (-1, 1))
            fits = [
                (lost + more, lost)
                for lost, gained in enumerate(left)
                if (more := bisect_left(right, -own - gained)) < len(right)
            ]
            # Beyond its reach, one side alone could still do with fewer.
            if fits and (min(fits)[0] <= reach or reach >= len(self.bounds)):
                total, lost = min(fits)
                return lost, total - lost
            if reach >= len(self.bounds):
                raise OverflowError(f"{len(self.values)} items do not fit into the values of this gallery")
            reach *= 2

    def _slack_gains(self, gap: int, step: int, reach: int) -> list[int]:
        """The most slack that giving up at most 0, 1, 2 … places on one side gains.

        Giving up a place adds the slack of the gap beyond it and one more value to find; its own stays taken.
        """
        gains = [0]
        gained = 0
        while 0 <= gap + step < len(self.bounds) - 1 and len(gains) <= reach:
            gap += step
            gained += self.slack(gap) - 1
            gains.append(max(gains[-1], gained))
        return gains


def _fill_gaps(values: Sequence[float | None], kept: Sequence[int], used: UsedOrders) -> Mapping[int, float]:
    """Values for all places but `kept`, of which those are given up that stand too close."""
    line = _GapLayout(values, used, [-1, *kept, len(values)])
    gap = 0
    while gap < len(line.bounds) - 1:
        if line.slack(gap) < 0:
            left, right = line.places_to_release(gap)
            del line.bounds[gap + 1 - left : gap + 1 + right]
            gap -= left
        gap += 1
    new: dict[int, float] = {}
    for gap, (low, high) in enumerate(pairwise(line.bounds)):
        places = range(low + 1, high)
        new.update(zip(places, used.allocate(*line.limits(gap), len(places)), strict=True))
    return new
