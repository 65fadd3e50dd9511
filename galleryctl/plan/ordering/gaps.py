"""New sort orders between two neighbours or beyond an end: evenly spread, and none that is in use.

in use 1, 2, 3        two values between 1 and 3   →   1.5, 2.5     2 is in use, so each gap gets one
                      two values after 3           →   4, 5         the mean distance of the values
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heapify, heapreplace
from itertools import pairwise

from galleryctl.plan.ordering.floats import FloatFormat

_APPEND_SPACING = 1024
"""The fewest floats to leave between two appended items, so that a gap can be halved ten times later."""


@dataclass(frozen=True, slots=True)
class UsedOrders:
    """The sort orders in use in a gallery, sorted, and the format in which the site stores them."""

    values: tuple[float, ...]
    ordinals: tuple[int, ...]
    float_format: FloatFormat

    @classmethod
    def from_values(cls, live: Iterable[float]) -> UsedOrders:
        """Sort the distinct values of `live` and detect their format."""
        values = tuple(sorted(set(live)))
        float_format = FloatFormat.detect(values)
        return cls(values, tuple(map(float_format.ordinal, values)), float_format)

    def count_free(self, low: float | None, high: float | None) -> int:
        """Return the number of floats strictly between the two that are not in use; None is an open end."""
        first, last = self._ordinal_bounds(low, high)
        used = bisect_left(self.ordinals, last) - bisect_right(self.ordinals, first)
        return max(0, last - first - 1 - used)

    def _ordinal_bounds(self, low: float | None, high: float | None) -> tuple[int, int]:
        end = self.float_format.largest_ordinal
        return (
            -end - 1 if low is None else self.float_format.ordinal(low),
            end + 1 if high is None else self.float_format.ordinal(high),
        )

    def allocate(self, low: float | None, high: float | None, count: int) -> list[float]:
        """Return `count` ascending free values strictly between the two; at least as many must be free."""
        if not count:
            return []
        if (low is None or high is None) and (beyond := self._allocate_beyond(count, below=high is not None)):
            return beyond
        first, last = self._ordinal_bounds(low, high)
        inside = self.ordinals[bisect_right(self.ordinals, first) : bisect_left(self.ordinals, last)]
        edges = [first, *inside, last]
        capacities = [after - before - 1 for before, after in pairwise(edges)]
        # Halved, because the distance between the largest and the smallest float is infinite.
        halves = [self.float_format.value_at(edge) / 2 for edge in edges]
        shares = _distribute(capacities, [after - before for before, after in pairwise(halves)], count)
        return [
            value
            for (before, after), share in zip(pairwise(edges), shares, strict=True)
            for value in self._spread_evenly(before, after, share)
        ]

    def _allocate_beyond(self, count: int, *, below: bool) -> list[float]:
        """Return values beyond all in use, at their mean distance; [] if that leaves the range of the format."""
        if not self.values:
            return [float(i + 1) for i in range(count)]
        low, high = self.values[0], self.values[-1]
        edge = low if below else high
        # Each is divided before the subtraction, which could overflow.
        mean = high / max(1, len(self.values) - 1) - low / max(1, len(self.values) - 1)
        stride = max(1.0, mean, _APPEND_SPACING * self.float_format.spacing(edge))
        steps = range(-count, 0) if below else range(1, count + 1)
        values = [self.float_format.nearest(edge + stride * step) for step in steps]
        limit = self.float_format.largest / 2
        ascending = all(before < after for before, after in pairwise([*values, edge] if below else [edge, *values]))
        return values if ascending and abs(values[0]) < limit and abs(values[-1]) < limit else []

    def _spread_evenly(self, first: int, last: int, count: int) -> list[float]:
        """Return values at equal distances between two ordinals, or at equal counts of floats if values coincide."""
        if not count:
            return []
        fmt = self.float_format
        low, high = fmt.value_at(first), fmt.value_at(last)
        parts = count + 1
        even = [fmt.nearest(low * ((parts - i) / parts) + high * (i / parts)) for i in range(1, parts)]
        if all(before < after for before, after in pairwise([first, *map(fmt.ordinal, even), last])):
            return even
        return [fmt.value_at(first + i * (last - first) // parts) for i in range(1, parts)]


def _distribute(capacities: list[int], widths: list[float], count: int) -> list[int]:
    """Return how many of `count` values go into each gap, so that they are as far apart as possible.

    Each value goes where the distances are largest after it is added: widths [2, 1], three values → [2, 1].
    """
    if len(capacities) == 1:
        return [count]
    shares = [0] * len(capacities)
    heap = [(-width, gap) for gap, width in enumerate(widths) if capacities[gap]]
    heapify(heap)
    for _ in range(count):
        _, gap = heap[0]
        shares[gap] += 1
        full = shares[gap] == capacities[gap]
        heapreplace(heap, (1.0 if full else -widths[gap] / (shares[gap] + 1), gap))
    return shares
