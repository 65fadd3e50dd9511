"""WebP: the chunks of RIFF."""

from __future__ import annotations

from collections.abc import Iterator

from galleryctl.photo.facts import PhotoFacts
from galleryctl.photo.metadata.block import MAX_BLOCK_BYTES, Block, BlockKind
from galleryctl.photo.source import ByteSource, Part

_HEADER = 12
_BLOCKS = {b"EXIF": BlockKind.EXIF, b"XMP ": BlockKind.XMP}
_EXIF_PREFIX = b"Exif\0\0"


def webp_chunks(source: ByteSource) -> Iterator[Part]:
    """Yield the chunks; the kind of each is its four characters. Raises MalformedError."""
    at = _HEADER
    file_end = min(source.size, int.from_bytes(source.read(4, 4), "little") + 8)
    while at < file_end:
        header = source.read(at, 8)
        start = at + 8
        end = start + int.from_bytes(header[4:], "little")
        yield Part(header[:4], at, start, end, end + (end & 1))
        at = end + (end & 1)


def read_webp(source: ByteSource) -> Iterator[PhotoFacts | Block]:
    """Yield the size and the metadata blocks. Raises MalformedError."""
    for part in webp_chunks(source):
        if kind := _BLOCKS.get(part.kind):
            yield Block(kind, source.content(part, MAX_BLOCK_BYTES).removeprefix(_EXIF_PREFIX))
        elif size := webp_size(part.kind, source.read_up_to(part.content_start, 10)):
            yield PhotoFacts(width=size[0], height=size[1])


def webp_size(kind: bytes, head: bytes) -> tuple[int, int] | None:
    """Return the width and height in the header of a chunk: of the canvas, or of the lossy or lossless picture."""
    if len(head) < 10:  # noqa: PLR2004 - the longest of the headers
        return None
    if kind == b"VP8X":
        return int.from_bytes(head[4:7], "little") + 1, int.from_bytes(head[7:10], "little") + 1
    if kind == b"VP8 ":
        return (int.from_bytes(head[6:8], "little") & 0x3FFF, int.from_bytes(head[8:10], "little") & 0x3FFF)
    if kind == b"VP8L":
        bits = int.from_bytes(head[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return None
