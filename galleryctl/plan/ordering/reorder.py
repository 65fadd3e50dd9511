"""Assign sort orders to a list, with as few new values as possible.

The items of a longest increasing run keep their values, of several such runs one with the most items whose displayed
place stays the same; the others get values in the gaps between them or beyond the
ends. No new value is in use in the gallery, not even by an item that is moved or deleted, so the writes can be sent in
any order and no two items ever share a value. New values are random within their gap (see `gaps`).

    live, in display order    a 1, b 2, c 3, d 4
    desired order             a, d, b, new, c         current = [1, 4, 2, None, 3]
    longest run               a, b, c                 indexes [0, 2, 4]
    result                    {1: 1.4182, 3: 2.6093}  d moves between a and b, the new item goes between b and c

If a gap has too few floats left, neighbouring items are moved too:

    current                   [1, None, 1.0000001, 2], as 32-bit floats: there is none between the first two
    result                    {1: 1.2974, 2: 1.7321}
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from galleryctl.model.desired import ItemOrder
from galleryctl.model.last_applied import SortOrderFormat
from galleryctl.plan.ordering.gaps import UsedOrders


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSource:
    """The source of new sort orders in one list: what state knows of it, and the seed of the random values.

    `reserved` are the sort orders of creates whose outcome is unknown, `recorded` is the format in which the site stores
    sort orders, None if no answer has shown it.
    """

    seed: str = ""
    recorded: SortOrderFormat | None = None
    reserved: tuple[float, ...] = ()


def assign_sort_orders(
    current: Sequence[float | None],
    live: Iterable[float | None],
    item_order: ItemOrder = ItemOrder.ASCENDING,
    targets: Iterable[int] | None = None,
    source: OrderSource = OrderSource(),
) -> Mapping[int, float]:
    """Return the new sort orders by index in the list.

    `current` holds the sort orders in the desired display order, None for new items; `live` all sort orders in use in
    the gallery. A value that two items have is replaced on both. `targets` are the indexes of the items to put in
    order, by default all; another index in the result is an item that would have to make room for a target.
    """
    values = [value for value in live if value is not None]
    indexes = sorted(range(len(current)) if targets is None else targets)
    if not values and not source.reserved:
        in_order = indexes if item_order is ItemOrder.ASCENDING else indexes[::-1]
        used = UsedOrders.from_values((), recorded=source.recorded, seed=source.seed)
        return dict(zip(in_order, used.allocate(None, None, len(in_order)), strict=True))
    if item_order is ItemOrder.DESCENDING:
        reserved = tuple(-value for value in source.reserved)
        negated = replace(source, reserved=reserved)
        new = assign_sort_orders(_negate(current), _negate(values), targets=indexes, source=negated)
        return {i: -value for i, value in new.items()}
    return _move_targets(current, values, frozenset(indexes), source)


def _move_targets(
    current: Sequence[float | None], live: Sequence[float], targets: frozenset[int], source: OrderSource
) -> Mapping[int, float]:
    """Return new values after which the longest run contains all targets, so that the next plan does not move them.

    A target that makes room for another one can become part of a longer run, which does not contain all targets:

        desired order    x 1.2, y 1.3, f 1.1, n, b 1.1000000000000003, s 5.3     the targets are f, n and b
        f and s kept     x 1.2, y 1.3, f 1.1, n 2.6, b 4.0, s 5.3                x, y, n, b, s is longer than f, n, b, s

    Then the items of the longer run that are not moved are kept instead, here x, y and s. Each time, more of them are
    not targets, so this ends. It also ends if an item that is not a target would have to move.
    """
    used = UsedOrders.from_values(live, reserved=source.reserved, recorded=source.recorded, seed=source.seed)
    listed = Counter(value for value in current if value is not None)
    unlisted = list((Counter([*live, *source.reserved]) - listed).elements())
    new: dict[int, float] = {}
    while targets >= new.keys():
        after = [new.get(i, value) for i, value in enumerate(current)]
        run = longest_run(_drop_duplicates(after, [*unlisted, *after]), _in_place(after))
        if targets.issubset(run):
            break
        kept = set(run) - new.keys()
        indexes = sorted(targets | kept)
        positions = [position for position, i in enumerate(indexes) if i in kept]
        filled = _fill_gaps([current[i] for i in indexes], positions, used)
        new = {indexes[position]: value for position, value in filled.items()}
    return new


def _negate(values: Iterable[float | None]) -> list[float | None]:
    return [None if value is None else -value for value in values]


def _drop_duplicates(current: Sequence[float | None], live: Iterable[float | None]) -> list[float | None]:
    counts = Counter(live)
    return [None if value is None or counts[value] != 1 else value for value in current]


def _in_place(values: Sequence[float | None]) -> frozenset[int]:
    """Return the indexes of the items whose displayed place is the same after the moves as before."""
    ranks = {value: rank for rank, value in reversed([*enumerate(sorted(v for v in values if v is not None))])}
    return frozenset(i for i, value in enumerate(values) if value is not None and ranks[value] == i)


def longest_run(values: Sequence[float | None], preferred: Collection[int] = ()) -> list[int]:
    """Return the indexes of a longest strictly increasing run, ascending, without those of None.

    Among these runs, it is one that contains as many of the `preferred` indexes as possible:

        values 1, 6, 2, 3, 5, 4, preferred 0 and 4    →    indexes 0, 2, 3, 4, not 0, 2, 3, 5
    """
    run = _longest_run(values)
    others = [i for i in preferred if values[i] is not None]
    return run if {*run}.issuperset(others) else _heaviest_run(values, frozenset(others))


def _heaviest_run(values: Sequence[float | None], preferred: Collection[int]) -> list[int]:
    """Return a longest run with as many preferred indexes as possible: that of the largest weight.

    An item weighs more than all preferences together. A tree of prefix maxima (Fenwick) has the weight and the last index
    of the heaviest run that ends with one of the smallest values.
    """
    ranks = {value: rank for rank, value in enumerate(sorted({v for v in values if v is not None}), 1)}
    tree = [(0, -1)] * (len(ranks) + 1)
    previous: dict[int, int] = {}
    for i, value in enumerate(values):
        if value is None:
            continue
        rank, best = ranks[value] - 1, (0, -1)
        while rank > 0:
            best = max(best, tree[rank])
            rank &= rank - 1
        previous[i] = best[1]
        weight, rank = best[0] + len(values) + 1 + (i in preferred), ranks[value]
        while rank < len(tree):
            tree[rank] = max(tree[rank], (weight, i))
            rank += rank & -rank
    run: list[int] = []
    last = max(tree, default=(0, -1))[1]
    while last >= 0:
        run.append(last)
        last = previous[last]
    return run[::-1]


def _longest_run(values: Sequence[float | None]) -> list[int]:
    """Return the indexes of a longest strictly increasing run.

    This is patience sorting: `tails[n]` is the smallest value with which a run of n + 1 values can end.
    """
    tails: list[float] = []
    tail_indexes: list[int] = []
    previous: dict[int, int] = {}
    for i, value in enumerate(values):
        if value is None:
            continue
        length = bisect_left(tails, value)
        if length:
            previous[i] = tail_indexes[length - 1]
        tails[length : length + 1] = [value]
        tail_indexes[length : length + 1] = [i]
    run = tail_indexes[-1:]
    while run and run[-1] in previous:
        run.append(previous[run[-1]])
    return run[::-1]


@dataclass(frozen=True, slots=True)
class _GapLayout:
    """The values of a list, the values in use, and the bounds of the gaps to fill.

    Gap `g` is between the indexes `bounds[g]` and `bounds[g + 1]`, whose values are kept; -1 and the length are the ends.
    """

    values: Sequence[float | None]
    used: UsedOrders
    bounds: list[int]

    def limits(self, gap: int) -> tuple[float | None, float | None]:
        """Return the values on both sides of a gap, None at the ends of the list."""
        low, high = self.bounds[gap], self.bounds[gap + 1]
        return self.values[low] if low >= 0 else None, self.values[high] if high < len(self.values) else None

    def slack(self, gap: int) -> int:
        """Return the number of free values in a gap minus the number of items to place there."""
        low, high = self.limits(gap)
        return self.used.count_free(low, high) - (self.bounds[gap + 1] - self.bounds[gap] - 1)

    def bounds_to_release(self, gap: int) -> tuple[int, int]:
        """Return how many bounds to release left and right of `gap`, in total as few as possible, for all items to fit."""
        reach = 4
        slack = self.slack(gap)
        while True:
            left_gains, right_gains = (self._slack_gains(gap, step, reach) for step in (-1, 1))
            fits = [
                (left + right, left)
                for left, gain in enumerate(left_gains)
                if (right := bisect_left(right_gains, -slack - gain)) < len(right_gains)
            ]
            # A total above `reach` may not be the smallest: one side alone may need fewer bounds, but more than `reach`.
            if fits and (min(fits)[0] <= reach or reach >= len(self.bounds)):
                total, left = min(fits)
                return left, total - left
            if reach >= len(self.bounds):
                raise OverflowError(f"{len(self.values)} items need more sort orders than there are floats")
            reach *= 2

    def _slack_gains(self, gap: int, step: int, reach: int) -> list[int]:
        """Return the most slack gained by releasing at most 0, 1, 2 … bounds on one side.

        Releasing a bound joins the next gap, and adds one item to place; the value of the bound remains in use.
        """
        gains = [0]
        gain = 0
        while 0 <= gap + step < len(self.bounds) - 1 and len(gains) <= reach:
            gap += step
            gain += self.slack(gap) - 1
            gains.append(max(gains[-1], gain))
        return gains


def _fill_gaps(values: Sequence[float | None], kept: Sequence[int], used: UsedOrders) -> Mapping[int, float]:
    """Return values for all indexes but `kept`; releases those of `kept` that leave too little room."""
    layout = _GapLayout(values, used, [-1, *kept, len(values)])
    gap = 0
    while gap < len(layout.bounds) - 1:
        if layout.slack(gap) < 0:
            left, right = layout.bounds_to_release(gap)
            del layout.bounds[gap + 1 - left : gap + 1 + right]
            gap -= left
        gap += 1
    new: dict[int, float] = {}
    for gap, (low, high) in enumerate(pairwise(layout.bounds)):
        indexes = range(low + 1, high)
        new.update(zip(indexes, used.allocate(*layout.limits(gap), len(indexes)), strict=True))
    return new
