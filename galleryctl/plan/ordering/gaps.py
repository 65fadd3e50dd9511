"""New sort orders between two neighbours, or beyond an end: evenly spread, and none that the gallery has now."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heapify, heapreplace
from itertools import pairwise

from galleryctl.plan.ordering.floats import FloatFormat

_APPEND_SPACING = 1024
"""Stored values to leave between two appended items, so that ten halvings fit later."""


@dataclass(frozen=True, slots=True)
class UsedOrders:
    """The values that are live in a gallery, sorted, and how exactly its site stores them."""

    values: tuple[float, ...]
    ordinals: tuple[int, ...]
    float_format: FloatFormat

    @classmethod
    def from_values(cls, live: Iterable[float]) -> UsedOrders:
        """The distinct values of `live`; the store is told from them."""
        values = tuple(sorted(set(live)))
        store = FloatFormat.detect(values)
        return cls(values, tuple(map(store.ordinal, values)), store)

    def count_free(self, low: float | None, high: float | None) -> int:
        """How many values the store has strictly between the two that are not taken; None is the open end."""
        first, last = self._ordinal_bounds(low, high)
        inside = bisect_left(self.ordinals, last) - bisect_right(self.ordinals, first)
        return max(0, last - first - 1 - inside)

    def _ordinal_bounds(self, low: float | None, high: float | None) -> tuple[int, int]:
        end = self.float_format.ordinal(self.float_format.largest)
        return (
            -end - 1 if low is None else self.float_format.ordinal(low),
            end + 1 if high is None else self.float_format.ordinal(high),
        )

    def allocate(self, low: float | None, high: float | None, count: int) -> list[float]:
        """`count` ascending free values strictly between the two; there must be room (see `free`)."""
        if not count:
            return []
        if low is None or high is None:
            beyond = self._allocate_beyond(count, below=high is not None)
            if beyond:
                return beyond
        first, last = self._ordinal_bounds(low, high)
        inside = self.ordinals[bisect_right(self.ordinals, first) : bisect_left(self.ordinals, last)]
        edges = [first, *inside, last]
        shares = _distribute([after - before - 1 for before, after in pairwise(edges)], self._gap_widths(edges), count)
        return [
            value
            for (before, after), share in zip(pairwise(edges), shares, strict=True)
            for value in self._spread_evenly(before, after, share)
        ]

    def _allocate_beyond(self, count: int, *, below: bool) -> list[float]:
        """Past all that is live, in strides of its mean distance; empty when that leaves the store's range."""
        if not self.values:
            return [float(place + 1) for place in range(count)]
        low, high = self.values[0], self.values[-1]
        edge = low if below else high
        mean = high / max(1, len(self.values) - 1) - low / max(1, len(self.values) - 1)
        stride = max(1.0, mean, _APPEND_SPACING * self.float_format.spacing(edge))
        steps = range(-count, 0) if below else range(1, count + 1)
        values = [self.float_format.nearest(edge + stride * step) for step in steps]
        limit = self.float_format.largest / 2
        ascending = all(before < after for before, after in pairwise([*values, edge] if below else [edge, *values]))
        return values if ascending and abs(values[0]) < limit and abs(values[-1]) < limit else []

    def _gap_widths(self, edges: list[int]) -> list[float]:
        limit = self.float_format.ordinal(self.float_format.largest)
        ends = [self.float_format.value_at(max(-limit, min(limit, edge))) / 2 for edge in edges]
        return [after - before for before, after in pairwise(ends)]

    def _spread_evenly(self, first: int, last: int, count: int) -> list[float]:
        """Even steps between two ordinals with nothing taken between: by value, by count where values fall together."""
        if not count:
            return []
        limit = self.float_format.ordinal(self.float_format.largest)
        low, high = (self.float_format.value_at(max(-limit, min(limit, edge))) for edge in (first, last))
        parts = count + 1
        even = [self.float_format.nearest(low * ((parts - i) / parts) + high * (i / parts)) for i in range(1, parts)]
        ordinals = [self.float_format.ordinal(value) for value in even]
        if all(before < after for before, after in pairwise([first, *ordinals, last])):
            return even
        return [self.float_format.value_at(first + i * (last - first) // parts) for i in range(1, parts)]


def _distribute(capacities: list[int], widths: list[float], count: int) -> list[int]:
    """How many of `count` values go into each gap: always one more where they would stand farthest apart."""
    shares = [0] * len(capacities)
    if len(capacities) == 1:
        return [count]
    heap = [(-width, place) for place, width in enumerate(widths) if capacities[place]]
    heapify(heap)
    for _ in range(count):
        _, place = heap[0]
        shares[place] += 1
        full = shares[place] == capacities[place]
        heapreplace(heap, (1.0 if full else -widths[place] / (shares[place] + 1), place))
    return shares
