"""EXIF without private data, in the same length: offsets into the block stay valid."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from galleryctl.model.privacy import PrivateKind
from galleryctl.photo.privacy.iptc import strip_iptc, strip_photoshop
from galleryctl.photo.privacy.search import PrivateSearch
from galleryctl.photo.privacy.xmp import strip_xmp
from galleryctl.photo.source import MalformedError

_GPS_DIRECTORY = 0x8825
_PRIVATE = {
    0x927C: PrivateKind.UNKNOWN,  # MakerNote
    0xC634: PrivateKind.UNKNOWN,  # DNGPrivateData
    0x8290: PrivateKind.UNKNOWN,  # a directory of Kodak
    0xFE00: PrivateKind.UNKNOWN,  # another one
    0xA430: PrivateKind.OWNER,  # CameraOwnerName
    0xA431: PrivateKind.OWNER,  # BodySerialNumber
    0xA435: PrivateKind.OWNER,  # LensSerialNumber
    0xC62F: PrivateKind.OWNER,  # CameraSerialNumber
    0xFDE8: PrivateKind.OWNER,  # OwnerName of Camera Raw
    0xFDE9: PrivateKind.OWNER,  # SerialNumber of Camera Raw
    0x830E: PrivateKind.LOCATION,  # GeoTIFF, up to 0x87B1
    0x8482: PrivateKind.LOCATION,
    0x85D8: PrivateKind.LOCATION,
    0x87AF: PrivateKind.LOCATION,
    0x87B0: PrivateKind.LOCATION,
    0x87B1: PrivateKind.LOCATION,
}
_FIRST_PRIVATE = 0x8000
_KNOWN = (
    *((0x80A3, 0x80A6), (0x80E3, 0x80E6), (0x8214, 0x829D), (0x83BB, 0x83BB), (0x8568, 0x8568), (0x8649, 0x8649)),
    *((0x8769, 0x8833), (0x9000, 0x9292), (0x9400, 0x9406), (0x9C9B, 0x9C9F), (0xA000, 0xA005), (0xA20B, 0xA217)),
    *((0xA300, 0xA302), (0xA401, 0xA420), (0xA432, 0xA43F), (0xA460, 0xA480), (0xA500, 0xA500), (0xC4A5, 0xC4A5)),
    *((0xC612, 0xC7FF), (0xCD2D, 0xCD50), (0xEA1C, 0xEA1D)),
)
"""The tags from `_FIRST_PRIVATE` on whose meaning is published; others are those of a program."""
_DIRECTORIES = frozenset((0x8769, 0xA005, 0x014A, 0x0190))
"""The tags whose values are offsets of directories."""
_NESTED = {0x02BC: strip_xmp, 0x83BB: strip_iptc, 0x8649: strip_photoshop}
_PICTURES = {0x0201: 0x0202, 0x0111: 0x0117, 0x0144: 0x0145}
"""The tags of offsets and those of sizes: of a preview, of strips, of tiles."""
_TYPE_SIZES = (0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4)
_OFFSET_CODES = {3: "H", 4: "I", 8: "H", 9: "I", 13: "I"}
"""Types of whole numbers; some programs write offsets as signed ones."""
_ENTRY, _INLINE = 12, 4
_MAX_ENTRIES, _MAX_DIRECTORIES = 1000, 100
_MAX_OFFSETS = 10_000
_PLACES = frozenset((0x0002, 0x0004, 0x0014, 0x0016, 0x001C))


class _Entry(NamedTuple):
    """A value of a directory: its row in the table, and the range of its bytes."""

    row: bytes
    tag: int
    type: int
    start: int
    size: int


def strip_exif(data: bytes, search: PrivateSearch) -> bytes:
    """Return an EXIF block, which begins with its TIFF header, without private data. Raises MalformedError.

    The rows of private values are taken out of their directories. What no other row refers to is set to zero: so nothing
    is left of a maker note that has parts elsewhere in the block.
    """
    if not data.strip(b"\0"):
        return data
    return _Block(data, search).copy()


class _Block:
    def __init__(self, data: bytes, search: PrivateSearch) -> None:
        if data[:4] not in (b"II*\0", b"MM\0*") or len(data) < 8:  # noqa: PLR2004 - the size of the header
            raise MalformedError("the header of the EXIF data is not valid")
        self._data, self._search = data, search
        self._order = ">" if data[:1] == b"M" else "<"
        self._seen: set[int] = set()
        self._kept: list[tuple[int, int]] = [(0, 8)]
        self._private: list[tuple[int, int]] = []
        self._writes: list[tuple[int, bytes]] = []

    def copy(self) -> bytes:
        (start,) = self._unpack("I", self._data[4:8])
        while 0 < start < len(self._data) - 1:  # elsewhere there is nothing that a reader could find
            start = self._visit(start)
        if not self._writes:
            return self._data
        self._check_overlaps()
        copy = bytearray(len(self._data))
        for start, end in self._kept:
            copy[start:end] = self._data[start:end]
        for start, new in self._writes:
            copy[start : start + len(new)] = new
        return bytes(copy)

    def _unpack(self, code: str, data: bytes) -> tuple[int, ...]:
        return struct.unpack(self._order + code, data)

    def _visit(self, start: int) -> int:
        """Keep the directory at `start` without private values, and return the offset of the next one, 0 for none."""
        if start in self._seen or len(self._seen) >= _MAX_DIRECTORIES:
            raise MalformedError("the directories of the EXIF data refer to each other in a loop")
        self._seen.add(start)
        entries = self._entries(start)
        table_end = start + 2 + len(entries) * _ENTRY
        rest = self._data[table_end : table_end + 4]
        kept = [entry for entry in entries if not self._is_private(entry)]
        self._keep(start, table_end + len(rest))
        for entry in kept:
            self._keep_value(entry)
        self._keep_pictures({entry.tag: entry for entry in kept})
        if len(kept) < len(entries):
            table = struct.pack(self._order + "H", len(kept)) + b"".join(entry.row for entry in kept) + rest
            self._writes.append((start, table.ljust(table_end + len(rest) - start, b"\0")))
        return self._unpack("I", rest)[0] if len(rest) == 4 else 0  # noqa: PLR2004 - the size of an offset

    def _entries(self, start: int) -> list[_Entry]:
        if start + 2 > len(self._data):
            raise MalformedError("a directory of the EXIF data is missing")
        (count,) = self._unpack("H", self._data[start : start + 2])
        rows = self._data[start + 2 : start + 2 + count * _ENTRY]
        if count > _MAX_ENTRIES or len(rows) < count * _ENTRY:
            raise MalformedError("a directory of the EXIF data is truncated or too large")
        entries = []
        for at in range(0, len(rows), _ENTRY):
            row = rows[at : at + _ENTRY]
            tag, type_, length, offset = self._unpack("HHII", row)
            size = length * (_TYPE_SIZES[type_] if type_ < len(_TYPE_SIZES) else 1)
            place = start + 2 + at + 8 if size <= _INLINE else offset
            entries.append(_Entry(row, tag, type_, place, size))
        return entries

    def _is_private(self, entry: _Entry) -> bool:
        if entry.tag == _GPS_DIRECTORY:
            offsets = self._numbers(entry)
            is_place = not offsets or any(map(self._has_place, offsets))
            private = self._search.covers(PrivateKind.LOCATION, is_place=is_place)
            self._private += [span for offset in offsets for span in self._gps_spans(offset)] if private else []
            return private
        kind = _PRIVATE.get(entry.tag)
        if kind is None and entry.tag >= _FIRST_PRIVATE and not any(a <= entry.tag <= b for a, b in _KNOWN):
            kind = PrivateKind.UNKNOWN
        if kind is None or not self._search.covers(kind):
            return False
        if entry.size > _INLINE:
            self._private.append((entry.start, entry.start + entry.size))
        return True

    def _gps_entries(self, start: int) -> list[_Entry]:
        """Return the values of a GPS directory, none if it cannot be read: its bytes are set to zero all the same."""
        try:
            return self._entries(start)
        except MalformedError:
            return []

    def _has_place(self, start: int) -> bool:
        """Return True if a GPS directory has coordinates, or cannot be read; False if it holds zeros."""
        entries = self._gps_entries(start)
        values = (entry for entry in entries if entry.tag in _PLACES)
        return not entries or any(self._data[entry.start : entry.start + entry.size].strip(b"\0 ") for entry in values)

    def _gps_spans(self, start: int) -> Iterator[tuple[int, int]]:
        entries = self._gps_entries(start)
        yield start, start + 2 + len(entries) * _ENTRY
        for entry in entries:
            if entry.size > _INLINE:
                yield entry.start, entry.start + entry.size

    def _keep_value(self, entry: _Entry) -> None:
        if entry.size > _INLINE:
            self._keep(entry.start, entry.start + entry.size)
        if entry.tag in _DIRECTORIES:
            offsets = self._numbers(entry)
            if entry.size and not offsets:
                raise MalformedError("the place of a directory of the EXIF data has an unknown type")
            for offset in offsets:
                if 0 < offset < len(self._data) - 1:
                    self._visit(offset)
        elif strip := _NESTED.get(entry.tag):
            self._rewrite(
                entry.start, entry.size, strip(self._data[entry.start : entry.start + entry.size], self._search)
            )

    def _keep_pictures(self, entries: dict[int, _Entry]) -> None:
        """Keep the bytes of previews, the private data in them removed."""
        for place, extent in _PICTURES.items():
            if place not in entries or extent not in entries:
                continue
            offsets, sizes = self._numbers(entries[place]), self._numbers(entries[extent])
            if not offsets or not sizes:
                raise MalformedError("the place of a picture in the EXIF data has an unknown type")
            for offset, size in zip(offsets, sizes, strict=False):
                self._keep(offset, offset + size)
                picture = self._data[offset : offset + size]
                if picture.startswith(b"\xff\xd8\xff"):
                    self._rewrite(offset, size, self._search.strip_picture(picture))

    def _numbers(self, entry: _Entry) -> tuple[int, ...]:
        code = _OFFSET_CODES.get(entry.type)
        data = self._data[entry.start : entry.start + entry.size]
        if code is None or len(data) < entry.size:
            return ()
        count = len(data) // struct.calcsize(self._order + code)
        if count > _MAX_OFFSETS:
            raise MalformedError("a value of the EXIF data has too many offsets")
        return self._unpack(f"{count}{code}", data)

    def _keep(self, start: int, end: int) -> None:
        if start < len(self._data):
            self._kept.append((start, min(end, len(self._data))))

    def _rewrite(self, start: int, size: int, new: bytes) -> None:
        if new != self._data[start : start + size]:
            self._writes.append((start, new))

    def _check_overlaps(self) -> None:
        """Raise MalformedError if bytes are both private and part of another value, which only a damaged block has."""
        spans = sorted([(*span, False) for span in self._kept] + [(*span, True) for span in self._private])
        ends = {False: 0, True: 0}
        for start, end, private in spans:
            if start < min(ends[not private], len(self._data)):
                raise MalformedError("private values of the EXIF data overlap with others")
            ends[private] = max(ends[private], end)
