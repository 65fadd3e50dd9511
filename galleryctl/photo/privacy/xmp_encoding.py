"""The encodings of an XMP packet: other data may be before it, and its declaration may be wrong."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from typing import NamedTuple

_NAMES = ("rdf", "xmpmeta")
"""Names of which one is in each packet."""


def _pattern(unit: int, *, little_endian: bool) -> re.Pattern[bytes]:
    names = (b"".join(_wide(ord(letter), unit, little_endian=little_endian) for letter in name) for name in _NAMES)
    return re.compile(b"|".join(re.escape(name) for name in names), re.IGNORECASE)


def _wide(character: int, unit: int, *, little_endian: bool) -> bytes:
    return character.to_bytes(unit, "little" if little_endian else "big")


_PATTERNS = tuple(
    (unit, little_endian, _pattern(unit, little_endian=little_endian))
    for unit, little_endian in ((1, True), (2, True), (2, False), (4, True), (4, False))
)


class XmpEncoding(NamedTuple):
    """The first byte of a packet that is part of its text, and the bytes of each character."""

    start: int
    unit: int
    little_endian: bool

    def characters(self, data: bytes) -> str:
        """Return one character for each unit of the packet, whatever it stands for."""
        part = data[self.start :]
        part = part[: len(part) - len(part) % self.unit]
        if self.unit == 1:
            return part.decode("latin-1")
        units = array({2: "H", 4: "I"}[self.unit], part)
        if not self.little_endian:
            units.byteswap()
        return "".join(chr(unit) if unit <= 0x10FFFF else "\ufffd" for unit in units)  # noqa: PLR2004 - the last character

    def spaces(self, count: int) -> bytes:
        """Return spaces in the place of so many characters."""
        return _wide(ord(" "), self.unit, little_endian=self.little_endian) * count


def xmp_encodings(data: bytes) -> Iterator[list[XmpEncoding]]:
    r"""Yield the encodings in which a packet has names of XMP: those with characters of the same size in one list.

    More than one of a size is possible, because `r\0d\0f` in UTF-16 looks the same in both orders of bytes.
    """
    found: dict[int, set[XmpEncoding]] = {}
    for unit, little_endian, pattern in _PATTERNS:
        for name in pattern.finditer(data):
            found.setdefault(unit, set()).add(XmpEncoding(name.start() % unit, unit, little_endian))
    for encodings in found.values():
        yield sorted(encodings)
