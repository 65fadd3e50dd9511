"""GIF: blocks, one of which may hold XMP."""

from __future__ import annotations

from collections.abc import Iterator

from galleryctl.photo.facts import PhotoFacts
from galleryctl.photo.metadata.block import MAX_BLOCK_BYTES, Block, BlockKind
from galleryctl.photo.source import ByteSource, MalformedError, Part

_HEADER = 13
_IMAGE, _EXTENSION, _TRAILER = b",", b"!", b";"
_APPLICATION = b"\xff"
_XMP = b"\x0bXMP DataXMP"
_CHUNK = 65_536
_MAX_SUB_BLOCKS = 250_000
"""The sub-blocks of 64 MB of pixels; it takes 0.05 s to skip them."""


def gif_blocks(source: ByteSource) -> Iterator[Part]:
    """Yield the blocks behind the header; the kind is that byte which begins it. Raises MalformedError.

    The content of an extension is its label and its sub-blocks, that of an image its sub-blocks.
    """
    flags = source.read(0, _HEADER)[10]
    at = _HEADER + _color_table_bytes(flags)
    skipper = _SubBlocks(source)
    while True:
        kind = source.read(at, 1)
        if kind == _TRAILER:
            return
        if kind == _EXTENSION:
            end = skipper.end(at + 2)
            yield Part(kind, at, at + 1, end, end)
        elif kind == _IMAGE:
            data = at + 11 + _color_table_bytes(source.read(at, 10)[9])
            end = skipper.end(data)
            yield Part(kind, at, data, end, end)
        else:
            raise MalformedError("the blocks are damaged")
        at = end


def _color_table_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


class _SubBlocks:
    """Skips sub-blocks, which have a size of one byte each and end with an empty one."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._left = _MAX_SUB_BLOCKS

    def end(self, start: int) -> int:
        """Return the place behind the sub-blocks at `start`. Raises MalformedError."""
        base, at = start, 0
        chunk = self._source.read_up_to(base, _CHUNK)
        while True:
            if at >= len(chunk):
                base, at = base + at, 0
                chunk = self._source.read_up_to(base, _CHUNK)
                if not chunk:
                    raise MalformedError("truncated: the last block is missing")
            size = chunk[at]
            at += size + 1
            if not size:
                return base + at
            self._left -= 1
            if not self._left:
                raise MalformedError("the file has too many parts to search all of them for metadata")


def read_gif(source: ByteSource) -> Iterator[PhotoFacts | Block]:
    """Yield the size and the XMP. Raises MalformedError."""
    header = source.read(0, _HEADER)
    width, height = (int.from_bytes(header[at : at + 2], "little") for at in (6, 8))
    yield PhotoFacts(width=width, height=height)
    for part in gif_blocks(source):
        label = source.read_up_to(part.content_start, 1 + len(_XMP))
        if part.kind == _EXTENSION and label == _APPLICATION + _XMP:
            # The packet is not cut into sub-blocks. 257 bytes behind it lead a reader of sub-blocks to the end.
            yield Block(BlockKind.XMP, source.content(part, MAX_BLOCK_BYTES)[len(label) :])
