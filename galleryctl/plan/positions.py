"""Sort orders for a list: as few new ones as possible (design, rule 3).

The items on a longest increasing run keep what they have; the others get values in the gaps between those, or beyond
the ends. No new value is live in the gallery when the plan is made, not even on an item that moves or goes, so the
writes can be made in any order and no two items ever share a value.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from galleryctl.model.desired import ItemOrder
from galleryctl.plan.gaps import Taken


def place(
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
        mirrored = [None if value is None else -value for value in current]
        return {i: -value for i, value in place(mirrored, [-value for value in values]).items()}
    often = Counter(values)
    usable = [None if value is None or often[value] != 1 else value for value in current]
    kept = longest_run(usable)
    if len(kept) == len(current):
        return {}
    return _fill(usable, kept, Taken.of(values))


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


def _fill(values: Sequence[float | None], kept: list[int], taken: Taken) -> Mapping[int, float]:
    """Values for all places but `kept`, of which those are given up that stand too close."""
    bounds = [-1, *kept, len(values)]
    gap = 0
    while gap < len(bounds) - 1:
        if _slack(values, bounds, gap, taken) < 0:
            left, right = _window(values, bounds, gap, taken)
            del bounds[gap + 1 - left : gap + 1 + right]
            gap -= left
        gap += 1
    new: dict[int, float] = {}
    for low, high in zip(bounds, bounds[1:], strict=False):
        places = range(low + 1, high)
        found = taken.between(_value(values, low), _value(values, high), len(places))
        new.update(zip(places, found, strict=True))
    return new


def _slack(values: Sequence[float | None], bounds: Sequence[int], gap: int, taken: Taken) -> int:
    """How many free values the gap has more than places to fill; negative when it has run out."""
    low, high = bounds[gap], bounds[gap + 1]
    return taken.free(_value(values, low), _value(values, high)) - (high - low - 1)


def _window(values: Sequence[float | None], bounds: Sequence[int], gap: int, taken: Taken) -> tuple[int, int]:
    """How many kept places to give up left and right of `gap`, together as few as possible, for all to fit.

    Giving up a place adds the slack of the gap beyond it and one more value to find; its own stays taken.
    """
    reach = 4
    own = _slack(values, bounds, gap, taken)
    while True:
        left, right = (_gains(values, bounds, gap, taken, step, reach) for step in (-1, 1))
        fits = [
            (lost + more, lost)
            for lost, gained in enumerate(left)
            if (more := bisect_left(right, -own - gained)) < len(right)
        ]
        if fits and (min(fits)[0] <= reach or reach >= len(bounds)):
            total, lost = min(fits)
            return lost, total - lost
        if reach >= len(bounds):
            raise OverflowError(f"{len(values)} items do not fit between the values of this gallery")
        reach *= 2


def _gains(
    values: Sequence[float | None], bounds: Sequence[int], gap: int, taken: Taken, step: int, reach: int
) -> list[int]:
    """The most slack that giving up at most 0, 1, 2 … places on one side gains."""
    gains = [0]
    gained = 0
    at = gap
    while 0 <= at + step < len(bounds) - 1 and len(gains) <= reach:
        at += step
        gained += _slack(values, bounds, at, taken) - 1
        gains.append(max(gains[-1], gained))
    return gains


def _value(values: Sequence[float | None], place: int) -> float | None:
    return values[place] if 0 <= place < len(values) else None
