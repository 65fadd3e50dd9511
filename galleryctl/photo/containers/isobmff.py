"""Boxes of the ISO base media file format, which HEIC, AVIF, MP4 and QuickTime share."""

from __future__ import annotations

from collections.abc import Iterator

from galleryctl.photo.source import ByteSource, MalformedError, Part

_UUID = b"uuid"


def boxes(source: ByteSource, start: int, end: int) -> Iterator[Part]:
    """Yield the boxes from `start` to `end`; the kind of each is its type, of a `uuid` box its 16 bytes.

    Raises MalformedError if a box is larger than what is around it.
    """
    at = start
    while at + 8 <= end:
        header = source.read(at, 8)
        size, kind, content = int.from_bytes(header[:4]), header[4:], at + 8
        if size == 1:
            size, content = int.from_bytes(source.read(content, 8)), content + 8
        box_end = end if size == 0 else at + size
        if kind == _UUID:
            kind, content = source.read(content, 16), content + 16
        if box_end < content:
            raise MalformedError("a box has no valid size")
        if box_end > end:
            raise MalformedError("truncated: a box is larger than what is left of it")
        yield Part(kind, at, content, box_end, box_end)
        at = box_end


def child_boxes(source: ByteSource, box: Part, skip: int = 0) -> Iterator[Part]:
    """Yield the boxes in a box, behind `skip` bytes of fields. Raises MalformedError."""
    yield from boxes(source, box.content_start + skip, box.content_end)
