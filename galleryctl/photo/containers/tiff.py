"""TIFF, which is a format of files and the structure of every EXIF block: directories of numbered values."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from galleryctl.photo.facts import PhotoFacts
from galleryctl.photo.metadata.block import Block
from galleryctl.photo.source import ByteSource, MalformedError

_WIDTH, _HEIGHT = 0x0100, 0x0101
_TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 129: 1}
_MAX_ENTRIES = 1000
"""Limit of one directory; the largest in real files has about 200."""
_HEADER = 8
_ENTRY = 12
_SHORT = 3


class Entry(NamedTuple):
    """A value of a directory: its type as in the TIFF specification, and the range of its bytes."""

    tag: int
    type: int
    start: int
    size: int


class Tiff:
    """A TIFF structure. Raises MalformedError if it has no valid header."""

    def __init__(self, source: ByteSource) -> None:
        header = source.read_up_to(0, _HEADER)
        if header[:4] not in (b"II*\0", b"MM\0*") or len(header) < _HEADER:
            raise MalformedError("the header is not valid")
        self.big_endian = header[:1] == b"M"
        self._order = ">" if self.big_endian else "<"
        self._source = source
        (self.first_directory,) = struct.unpack(self._order + "I", header[4:])

    def directory(self, start: int) -> Iterator[Entry]:
        """Yield the values of the directory at `start`, those of types that do not exist left out.

        Raises MalformedError if the directory is truncated or too large.
        """
        (count,) = struct.unpack(self._order + "H", self._source.read(start, 2))
        if count > _MAX_ENTRIES:
            raise MalformedError(f"a directory has {count:,} entries, more than {_MAX_ENTRIES:,}")
        data = self._source.read_up_to(start + 2, count * _ENTRY)
        whole = len(data) // _ENTRY
        for index, (tag, type_, length, value) in enumerate(
            struct.iter_unpack(self._order + "HHII", data[: whole * _ENTRY])
        ):
            size = _TYPE_SIZES.get(type_, 0) * length
            inline = start + 2 + index * _ENTRY + 8
            if size:
                yield Entry(tag, type_, inline if size <= 4 else value, size)  # noqa: PLR2004 - the size of the field
        if whole < count:
            raise MalformedError("a directory is truncated")

    def data(self, entry: Entry, limit: int) -> bytes:
        """Return the bytes of a value. Raises MalformedError if they are more than `limit` or missing."""
        if entry.size > limit:
            raise MalformedError(f"a value has {entry.size:,} bytes, more than {limit:,}")
        return self._source.read(entry.start, entry.size)

    def number(self, entry: Entry) -> int:
        """Return the first number of a value of whole numbers, 0 for a value of another type."""
        size = _TYPE_SIZES[entry.type]
        code = {1: "B", 2: "H", 4: "I"}.get(size)
        return 0 if code is None else int(struct.unpack(self._order + code, self._source.read(entry.start, size))[0])


def read_tiff(source: ByteSource) -> Iterator[PhotoFacts | Block]:
    """Yield the size of a TIFF file; no gallery shows one. Raises MalformedError."""
    tiff = Tiff(source)
    entries = {entry.tag: entry for entry in tiff.directory(tiff.first_directory)}
    if _WIDTH in entries and _HEIGHT in entries:
        width, height = (tiff.number(entries[tag]) for tag in (_WIDTH, _HEIGHT))
        yield PhotoFacts(width=width, height=height)
