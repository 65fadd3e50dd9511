"""JPEG files without private data: the segments keep their places, and so do the pictures behind the first one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from galleryctl.model.privacy import PrivateKind
from galleryctl.photo.containers.jpeg import jpeg_segments
from galleryctl.photo.privacy.jpeg_segments import JpegMetadata, is_known_segment
from galleryctl.photo.privacy.jpeg_trailer import trailer_splices
from galleryctl.photo.privacy.search import PrivateSearch, zeros
from galleryctl.photo.source import ByteSource, MalformedError, Part
from galleryctl.photo.splice import Splice

_SOS, _EOI = b"\xda", b"\xd9"
_APPLICATION = frozenset(bytes((number,)) for number in range(0xE0, 0xF0))
_PIXEL_END = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
"""A marker among pixels, where 0xFF is followed by 0, by a restart marker, or by bytes that are not markers."""
_CHUNK = 1_048_576


def jpeg_splices(file: BinaryIO, search: PrivateSearch) -> Iterator[Splice]:
    """Yield the splices that remove private data. Raises MalformedError."""
    splices, end = jpeg_picture(file, search)
    yield from splices
    yield from trailer_splices(file, end, search, jpeg_picture)


def jpeg_picture(file: BinaryIO, search: PrivateSearch) -> tuple[list[Splice], int]:
    """Return the splices for the first picture of a file, and the place behind it. Raises MalformedError."""
    source = ByteSource(file)
    metadata = JpegMetadata(source, search)
    splices: list[Splice] = []
    at = 2
    for part in jpeg_segments(source):
        splices += _segment_splices(source, part, metadata, search)
        at = part.end
        if part.kind == _SOS:
            at = _skip_pixels(file, source, part.end, splices, metadata, search)
            break
    else:
        at += 2  # a file without pixels ends with EOI
    return sorted([*splices, *metadata.splices()]), min(at, source.size)


def _skip_pixels(
    file: BinaryIO, source: ByteSource, at: int, splices: list[Splice], metadata: JpegMetadata, search: PrivateSearch
) -> int:
    """Return the place behind the end of the picture; progressive pictures have segments between their pixels."""
    while (found := _find_marker(file, at)) is not None:
        marker, place = found
        if marker == _EOI:
            return place + 2
        size = int.from_bytes(source.read_up_to(place + 2, 2))
        if size < 2:  # noqa: PLR2004 - the size counts its own two bytes
            at = place + 2
            continue
        part = Part(marker, place, place + 4, place + 2 + size, place + 2 + size)
        splices += _segment_splices(source, part, metadata, search)
        at = part.end
    return source.size


def _find_marker(file: BinaryIO, at: int) -> tuple[bytes, int] | None:
    """Return the next marker behind pixels, and its place."""
    file.seek(at)
    before = b""
    while chunk := file.read(_CHUNK):
        data = before + chunk
        if found := _PIXEL_END.search(data):
            return found[0][1:], at - len(before) + found.start()
        at += len(chunk)
        before = data[-1:]
    return None


def _segment_splices(source: ByteSource, part: Part, metadata: JpegMetadata, search: PrivateSearch) -> Iterator[Splice]:
    """Yield the splices of a segment, and of what is between it and the one before; metadata are only collected."""
    marker_start = part.content_start - (2 if part.content_start == part.content_end == part.end else 4)
    if part.start < marker_start:
        yield from _garbage_splices(source, part.start, marker_start, search)
    if part.kind not in _APPLICATION or metadata.add(part):
        return
    content = source.read_up_to(part.content_start, part.content_end - part.content_start)
    if content.strip(b"\0") and not is_known_segment(part.kind, content) and search.covers(PrivateKind.UNKNOWN):
        if len(content) < part.content_end - part.content_start:
            raise MalformedError("a segment is truncated")
        yield zeros(part.content_start, part.content_end)


def _garbage_splices(source: ByteSource, start: int, end: int, search: PrivateSearch) -> Iterator[Splice]:
    """Yield the splice that replaces what is between two segments with fill bytes."""
    if source.read(start, end - start).strip(b"\xff") and search.covers(PrivateKind.UNKNOWN):
        yield Splice(start, end, b"\xff" * (end - start))
