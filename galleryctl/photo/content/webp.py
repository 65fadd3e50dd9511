"""The content of a WebP: its chunks without EXIF and XMP."""

from __future__ import annotations

from collections.abc import Iterator

from galleryctl.photo.containers.webp import webp_chunks, webp_size
from galleryctl.photo.content.exif import exif_content
from galleryctl.photo.content.parts import ContentPart
from galleryctl.photo.metadata.block import MAX_BLOCK_BYTES
from galleryctl.photo.source import ByteSource, MalformedError, Part

_EXTENDED, _EXIF, _XMP, _ALPHA = b"VP8X", b"EXIF", b"XMP ", b"ALPH"
_PICTURES = (b"VP8 ", b"VP8L")
_HAS_EXIF_OR_XMP = 0x0C
_HAS_ALPHA = 0x10
_SIZE_BYTES = 10


def webp_content(source: ByteSource) -> Iterator[ContentPart]:
    """Yield the parts of the content. Raises MalformedError."""
    chunks = list(webp_chunks(source))
    if not any(part.kind in (*_PICTURES, b"ANMF") for part in chunks):
        raise MalformedError("the pixels are missing")
    yield exif_content(source.content(part, MAX_BLOCK_BYTES) for part in chunks if part.kind == _EXIF)
    for part in chunks:
        if part.kind == _EXTENDED:
            yield from _extended_header(source, part, chunks)
        elif part.kind not in (_EXIF, _XMP):
            yield ContentPart.of_file(part.kind, part.content_start, part.content_end)
    yield ContentPart.of_file(b"end", chunks[-1].end, max(chunks[-1].end, source.size))


def _extended_header(source: ByteSource, header: Part, chunks: list[Part]) -> Iterator[ContentPart]:
    """Yield the header that a file has for more than a picture, unless it is only there for EXIF and XMP."""
    data = bytearray(source.read(header.content_start, _SIZE_BYTES))
    data[0] &= ~_HAS_EXIF_OR_XMP
    picture = next((part for part in chunks if part.kind in _PICTURES), None)
    if picture is not None and not data[0] & ~_HAS_ALPHA and all(part.kind != _ALPHA for part in chunks):
        size = webp_size(picture.kind, source.read_up_to(picture.content_start, _SIZE_BYTES))
        if size == webp_size(_EXTENDED, bytes(data)):
            return
    yield ContentPart(header.kind, bytes(data))
