"""JPEG: segments up to the pixels."""

from __future__ import annotations

import re
from collections.abc import Iterator

from galleryctl.photo.facts import PhotoFacts
from galleryctl.photo.metadata.block import MAX_BLOCK_BYTES, Block, BlockKind
from galleryctl.photo.source import ByteSource, MalformedError, Part

_SOS, _EOI, _APP1, _APP13 = b"\xda", b"\xd9", b"\xe1", b"\xed"
_WITHOUT_CONTENT = frozenset((b"\x01", *(bytes((number,)) for number in range(0xD0, 0xD9))))
_FRAMES = frozenset(bytes((number,)) for number in range(0xC0, 0xD0)) - {b"\xc4", b"\xc8", b"\xcc"}
_MARKER = re.compile(rb"(?<!\xff)\xff++([^\x00\xff])")  # in linear time, also for nothing but fill bytes
_MAX_GARBAGE = 65_536
"""Bytes between two segments that are searched for the next marker."""
EXIF_HEADERS = (b"Exif\0\0", b"Exif\0\xff")
"""The first bytes of segments with EXIF."""
XMP_HEADERS = (b"http://ns.adobe.com/xap/1.0/\0", b"XMP\0://ns.adobe.com/xap/1.0/\0")  # the second is of PixelLive
EXTENDED_XMP_HEADER = b"http://ns.adobe.com/xmp/extension/\0"
PHOTOSHOP_HEADERS = (b"Photoshop 3.0\0", b"Adobe_Photoshop2.5:\0")
_BLOCKS = {**dict.fromkeys(EXIF_HEADERS, BlockKind.EXIF), **dict.fromkeys(XMP_HEADERS, BlockKind.XMP)}
_HEADERS = (*_BLOCKS, EXTENDED_XMP_HEADER, *PHOTOSHOP_HEADERS)
"""The first bytes of segments with metadata."""
_MAX_SEGMENT = 65_536


def jpeg_segments(source: ByteSource) -> Iterator[Part]:
    """Yield the segments up to the first pixels; the kind of each is its marker. Raises MalformedError."""
    at = 2
    while True:
        marker, start = _next_marker(source, at)
        if marker in _WITHOUT_CONTENT:
            yield Part(marker, at, start, start, start)
            at = start
            continue
        if marker == _EOI:
            return
        size = int.from_bytes(source.read(start, 2))
        if size < 2:  # noqa: PLR2004 - the size counts its own two bytes
            raise MalformedError("a segment has no valid size")
        end = start + size
        yield Part(marker, at, start + 2, end, end)
        if marker == _SOS:
            return
        at = end


def _next_marker(source: ByteSource, at: int) -> tuple[bytes, int]:
    """Return the next marker and the place behind it; before it may be fill bytes, and garbage that is skipped."""
    head = source.read(at, 2)
    if head[:1] == b"\xff" and head[1:] not in (b"\0", b"\xff"):
        return head[1:], at + 2
    found = _MARKER.search(source.read_up_to(at, _MAX_GARBAGE))
    if found is None:
        raise MalformedError("the segments are damaged")
    return found[1], at + found.end()


def read_jpeg(source: ByteSource) -> Iterator[PhotoFacts | Block]:
    """Yield the size and the metadata blocks. Raises MalformedError."""
    photoshop, extended = bytearray(), list[bytes]()
    for part in jpeg_segments(source):
        if part.kind in _FRAMES:
            frame = source.read(part.content_start, 5)
            yield PhotoFacts(width=int.from_bytes(frame[3:5]), height=int.from_bytes(frame[1:3]))
        elif part.kind in (_APP1, _APP13):
            content = source.content(part, _MAX_SEGMENT)
            header = next((header for header in _HEADERS if content.startswith(header)), b"")
            body = content[len(header) :]
            if kind := _BLOCKS.get(header):
                yield Block(kind, body)
            elif header in PHOTOSHOP_HEADERS:
                photoshop += body
            elif header == EXTENDED_XMP_HEADER:
                extended.append(body)
            if len(photoshop) + len(extended) * _MAX_SEGMENT > MAX_BLOCK_BYTES:
                raise MalformedError(f"the metadata has more than {MAX_BLOCK_BYTES:,} bytes")
    if photoshop:  # a block that is larger than a segment continues in the next one
        yield Block(BlockKind.PHOTOSHOP, bytes(photoshop))
    if extended:
        yield Block(BlockKind.XMP, _join_extended_xmp(extended))


def _join_extended_xmp(segments: list[bytes]) -> bytes:
    """Return the XMP that does not fit into one segment: each has a digest of 32 bytes, the whole size and an offset."""
    pieces = {int.from_bytes(data[36:40]): data[40:] for data in segments if data[:36] == segments[0][:36]}
    packet = b"".join(pieces[offset] for offset in sorted(pieces))
    if len(packet) != int.from_bytes(segments[0][32:36]):
        raise MalformedError("the extended XMP is incomplete")
    return packet
