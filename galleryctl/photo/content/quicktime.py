"""The content of a QuickTime or MP4 file: its frames and their tables, without texts, dates and XMP.

Programs that write texts make the box `moov` larger, and so move the frames behind it. So the tables of where the frames
are count by distances within the box of the frames. Files in fragments are not read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from galleryctl.photo.containers.isobmff import boxes, child_boxes
from galleryctl.photo.content.isobmff import PADDING_BOXES, XMP_UUID
from galleryctl.photo.content.parts import ContentPart
from galleryctl.photo.source import ByteSource, MalformedError, Part

_LEFT_OUT = frozenset((b"udta", b"meta", XMP_UUID, *PADDING_BOXES))
_CONTAINERS = frozenset((b"trak", b"mdia", b"minf", b"stbl", b"edts"))
_FRAGMENTS = frozenset((b"moof", b"sidx", b"mfra"))
_DATED = frozenset((b"mvhd", b"tkhd", b"mdhd"))
"""Headers with the dates of creation and of the last change, which are no content, as in EXIF."""
_PLACES = {b"stco": "I", b"co64": "Q"}
_MAX_TABLE_BYTES = 64_000_000
_TABLE_HEADER_BYTES = 8


def quicktime_content(source: ByteSource) -> Iterator[ContentPart]:
    """Yield the parts of the content. Raises MalformedError."""
    top = list(boxes(source, 0, source.size))
    kinds = {box.kind for box in top}
    if b"moov" not in kinds or not kinds.isdisjoint(_FRAGMENTS):
        raise MalformedError("not a file of whole tracks")
    frames = [box for box in top if box.kind == b"mdat"]
    for box in top:
        if box.kind == b"moov":
            yield from _movie(source, box, frames)
    for box in top:  # a program may write the tables before the frames
        if box.kind != b"moov" and box.kind not in _LEFT_OUT:
            yield ContentPart.of_file(box.kind, box.content_start, box.content_end)


def _movie(source: ByteSource, parent: Part, frames: Sequence[Part]) -> Iterator[ContentPart]:
    yield ContentPart(b"begin", parent.kind)
    for box in child_boxes(source, parent):
        if box.kind in _CONTAINERS:
            yield from _movie(source, box, frames)
        elif box.kind in _PLACES:
            yield ContentPart(b"places", _without_offsets(source, box, frames))
        elif box.kind in _DATED:
            yield ContentPart(box.kind, _without_dates(source.content(box, _MAX_TABLE_BYTES)))
        elif box.kind not in _LEFT_OUT:
            yield ContentPart.of_file(box.kind, box.content_start, box.content_end)
    yield ContentPart(b"end", parent.kind)


def _without_dates(header: bytes) -> bytes:
    """Return a header without its two dates, which have 8 bytes each in version 1."""
    return header[:4] + header[20 if header[:1] == b"\1" else 12 :]


def _without_offsets(source: ByteSource, table: Part, frames: Sequence[Part]) -> bytes:
    """Return where frames are: the number of the box that has them, and the distance from its start."""
    data = source.content(table, _MAX_TABLE_BYTES)
    (count,) = struct.unpack_from(">I", data, 4) if len(data) >= _TABLE_HEADER_BYTES else (0,)
    code = _PLACES[table.kind]
    if len(data) < _TABLE_HEADER_BYTES + count * struct.calcsize(code):
        raise MalformedError("a table is truncated")
    offsets: Sequence[int] = struct.unpack_from(f">{count}{code}", data, _TABLE_HEADER_BYTES)
    if len(frames) == 1:  # the most frequent case
        box = frames[0]
        if any(not box.content_start <= offset < box.content_end for offset in offsets):
            raise MalformedError("frames are outside of their box")
        return struct.pack(f">{count}Q", *(offset - box.content_start for offset in offsets))
    return b"".join(_place(offset, frames) for offset in offsets)


def _place(offset: int, frames: Sequence[Part]) -> bytes:
    for number, box in enumerate(frames):
        if box.content_start <= offset < box.content_end:
            return struct.pack(">IQ", number, offset - box.content_start)
    raise MalformedError("frames are outside of their box")
