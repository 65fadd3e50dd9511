"""New sort orders between two neighbours or beyond an end: random within even shares, and none that is in use.

A create is recognized by its sort order, so that nobody else may come upon the same value. The vendor's editor uses the
means of two neighbours, and people use whole numbers:

    in use 1, 2, 3        one value between 1 and 2     →   a random value from 1.25 to 1.75, but not 1.5
                          two values between 1 and 3    →   in each gap one, because 2 is in use
                          two values after 3            →   about 4 and 5, at the mean distance of the values
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heapify, heapreplace
from itertools import chain, pairwise

from galleryctl.model.last_applied import SortOrderFormat
from galleryctl.plan.ordering.floats import WHOLE, FloatFormat, detect_format

_SPACING = 2048
"""The fewest floats to leave between two appended items: the middle half of them has 10 random bits."""
_LARGEST_HALF = 2**23
"""The limit below which all halves, such as 2048.5, are 32-bit floats."""
_64_BITS = 2**64 - 1
_MAX_DRAWS = 16
"""How often another value is drawn instead of a whole number or the mean of two neighbours."""


@dataclass(frozen=True, slots=True)
class UsedOrders:
    """The sort orders in use in a gallery, sorted, the format in which the site stores them, and the key of new ones."""

    values: tuple[float, ...]
    ordinals: tuple[int, ...]
    float_format: FloatFormat
    key: int = 0
    """64 random bits."""

    @classmethod
    def from_values(
        cls,
        live: Iterable[float],
        *,
        reserved: Iterable[float] = (),
        recorded: SortOrderFormat | None = None,
        seed: str = "",
    ) -> UsedOrders:
        """Sort the distinct values and detect the format of the live ones; `reserved` are of creates in doubt.

        `recorded` is the format in state. Equal arguments give equal new values; another `seed` gives others.
        """
        live = set(live)
        float_format = detect_format(live, recorded)
        values = tuple(sorted(live.union(reserved)))
        key = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8])
        return cls(values, tuple(map(float_format.ordinal, values)), float_format, key)

    def count_free(self, low: float | None, high: float | None) -> int:
        """Return the number of floats strictly between the two that are not in use; None is an open end."""
        first, last = self._ordinal_bounds(low, high)
        used = bisect_left(self.ordinals, last) - bisect_right(self.ordinals, first)
        return max(0, last - first - 1 - used)

    def count_free_around(self, value: float) -> int:
        """Return the number of free floats between the neighbours of `value`, which may be in use itself."""
        below, above = bisect_left(self.values, value), bisect_right(self.values, value)
        low = self.values[below - 1] if below else None
        return self.count_free(low, self.values[above] if above < len(self.values) else None)

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
        if not self.values:
            return self._allocate_in_empty(count)
        if (low is None or high is None) and (beyond := self._allocate_beyond(count, below=high is not None)):
            return beyond
        first, last = self._ordinal_bounds(low, high)
        inside = self.ordinals[bisect_right(self.ordinals, first) : bisect_left(self.ordinals, last)]
        edges = [first, *dict.fromkeys(inside), last]
        capacities = [after - before - 1 for before, after in pairwise(edges)]
        # Halved, because the distance between the largest and the smallest float is infinite.
        halves = [self.float_format.value_at(edge) / 2 for edge in edges]
        shares = _distribute(capacities, [after - before for before, after in pairwise(halves)], count)
        return [
            value
            for (before, after), share in zip(pairwise(edges), shares, strict=True)
            for value in self._spread(before, after, share)
        ]

    def _allocate_in_empty(self, count: int) -> list[float]:
        """Return values for the first items: halves, such as 4711.5, which most formats store exactly.

        Small and whole numbers are what a person would use who makes the first item at the same time.
        """
        stride = max(16, min(_SPACING, _LARGEST_HALF // (count + 2)))
        fraction = 0.0 if self.float_format is WHOLE else 0.5
        starts = (stride * number + stride // 4 for number in range(1, count + 1))
        return [start + _random_number(self.key, start) % (stride // 2) + fraction for start in starts]

    def _allocate_beyond(self, count: int, *, below: bool) -> list[float]:
        """Return values beyond all in use, at about their mean distance; [] if that leaves the range of the format."""
        low, high = self.values[0], self.values[-1]
        edge = low if below else high
        if len(self.values) == 1:
            mean = float(_SPACING)
        else:  # Each is divided before the subtraction, which could overflow.
            mean = high / (len(self.values) - 1) - low / (len(self.values) - 1)
        stride = max(1.0, mean, _SPACING * self.float_format.spacing(edge))
        steps = range(-count, 0) if below else range(1, count + 1)
        quarters = [(edge + stride * (step - 0.25), edge + stride * (step + 0.25)) for step in steps]
        limit = self.float_format.largest / 2
        if abs(quarters[0][0]) >= limit or abs(quarters[-1][1]) >= limit:
            return []
        cells = [(self.float_format.ordinal(start), self.float_format.ordinal(end)) for start, end in quarters]
        bound = self.float_format.ordinal(edge)
        ascending = _are_ascending([*cells, (bound, bound)] if below else [(bound, bound), *cells])
        return [self._draw(start, end) for start, end in cells] if ascending else []

    def _spread(self, first: int, last: int, count: int) -> list[float]:
        """Return values between two ordinals: each in the middle half of an equal share of the distance.

        If the values are too close for that, the shares are of an equal number of floats.
        """
        if not count:
            return []
        fmt = self.float_format
        low, high = fmt.value_at(first), fmt.value_at(last)

        def ordinal_at(part: float) -> int:
            return fmt.ordinal(low * (1 - part) + high * part)

        cells = [(ordinal_at((i + 0.25) / count), ordinal_at((i + 0.75) / count)) for i in range(count)]
        if not _are_ascending([(first, first), *cells, (last, last)]):
            free = last - first - 1
            shares = [(first + 1 + free * i // count, first + free * (i + 1) // count) for i in range(count)]
            cells = [(start + (end - start) // 4, end - (end - start) // 4) for start, end in shares]
        avoided = fmt.value_at(fmt.ordinal(low / 2 + high / 2))
        return [self._draw(start, end, avoided) for start, end in cells]

    def _draw(self, start: int, end: int, avoided: float | None = None) -> float:
        """Return the value at a random ordinal from `start` to `end`: if possible not `avoided`, and not a whole number."""
        count, value_at = end - start + 1, self.float_format.value_at
        value = value_at(start + _random_number(self.key, start, end) % count)
        if value != avoided and (self.float_format is WHOLE or not value.is_integer()):
            return value
        draws = (start + _random_number(self.key, start, end, draw) % count for draw in range(_MAX_DRAWS))
        others = range(start, end + 1) if count <= _MAX_DRAWS else ()
        allowed = [value for value in map(value_at, chain(draws, others)) if value != avoided]
        preferred = allowed if self.float_format is WHOLE else [value for value in allowed if not value.is_integer()]
        return next(iter((*preferred, *allowed)), value)


def _random_number(key: int, start: int, end: int = 0, draw: int = 0) -> int:
    """Return 64 bits that depend on the arguments alone, so that a plan can be made again: the hash SplitMix64."""
    mixed = (key + start * 0x9E3779B97F4A7C15 + end * 0xD1B54A32D192ED03 + draw * 0x8CB92BA72F3D8DD7) & _64_BITS
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _64_BITS
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _64_BITS
    return mixed ^ (mixed >> 31)


def _are_ascending(cells: Iterable[tuple[int, int]]) -> bool:
    """Return True if no cell is empty, and each ends before the next one starts."""
    bounds = list(cells)
    return all(start <= end for start, end in bounds) and all(a[1] < b[0] for a, b in pairwise(bounds))


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
