"""The parts of a file that make up its content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class ByteRange(NamedTuple):
    """The bytes of a file from `start` to `end`."""

    start: int
    end: int


class ContentPart(NamedTuple):
    """A part of the content: its name, and its bytes or where the file has them, one range behind the other."""

    name: bytes
    data: bytes | tuple[ByteRange, ...]

    @classmethod
    def of_file(cls, name: bytes, start: int, end: int) -> ContentPart:
        """Return the part whose bytes are at one place of the file."""
        return cls(name, (ByteRange(start, end),))


def join_ranges(ranges: Iterable[tuple[int, int]]) -> Iterator[ByteRange]:
    """Yield the ranges, those without a gap between them as one.

    >>> list(join_ranges([(0, 3), (3, 5), (7, 9)]))
    [ByteRange(start=0, end=5), ByteRange(start=7, end=9)]
    """
    start = end = 0
    for next_start, next_end in ranges:
        if next_start != end:
            if end > start:
                yield ByteRange(start, end)
            start = next_start
        end = next_end
    if end > start:
        yield ByteRange(start, end)
