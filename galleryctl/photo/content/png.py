"""The content of a PNG: its chunks without texts, EXIF and the time of the last change."""

from __future__ import annotations

from collections.abc import Iterator

from galleryctl.photo.containers.png import png_chunks
from galleryctl.photo.content.exif import exif_content
from galleryctl.photo.content.parts import ContentPart, join_ranges
from galleryctl.photo.metadata.block import MAX_BLOCK_BYTES
from galleryctl.photo.source import ByteSource

_EXIF = b"eXIf"
_LEFT_OUT = frozenset((_EXIF, b"tEXt", b"zTXt", b"iTXt", b"tIME"))


def png_content(source: ByteSource) -> Iterator[ContentPart]:
    """Yield the parts of the content. Raises MalformedError."""
    exif: list[bytes] = []
    kept: list[tuple[int, int]] = []
    end = 0
    for part in png_chunks(source):
        end = part.end
        if part.kind == _EXIF:
            exif.append(source.content(part, MAX_BLOCK_BYTES))
        if part.kind not in _LEFT_OUT:
            kept.append((part.start, part.end))
    kept.append((end, source.size))
    yield exif_content(exif)
    yield ContentPart(b"chunks", tuple(join_ranges(kept)))
