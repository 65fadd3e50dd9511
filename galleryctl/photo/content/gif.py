"""The content of a GIF: its blocks without comments, XMP and IPTC."""

from __future__ import annotations

from collections.abc import Iterator

from galleryctl.photo.containers.gif import gif_blocks
from galleryctl.photo.content.parts import ContentPart, join_ranges
from galleryctl.photo.source import ByteSource

_VERSION = (4, 6)
"""Where the header has `87a` or `89a`, without the letter: a program that adds a comment changes it."""
_EXTENSION, _COMMENT = b"!", b"\xfe"
_LEFT_OUT = (_COMMENT, b"\xff\x0bXMP DataXMP", b"\xff\x0bMGKIPTC0000", b"\xff\x0bMGK8BIM0000")
_LABEL_BYTES = 13


def gif_content(source: ByteSource) -> Iterator[ContentPart]:
    """Yield the parts of the content. Raises MalformedError."""
    kept: list[tuple[int, int]] = []
    start, end = _VERSION[1], None
    for part in gif_blocks(source):
        if end is None:
            kept.append((start, part.start))
        end = part.end
        label = source.read_up_to(part.content_start, _LABEL_BYTES) if part.kind == _EXTENSION else b""
        if not label.startswith(_LEFT_OUT):
            kept.append((part.start, part.end))
    kept.append((start if end is None else end, source.size))
    yield ContentPart(b"signature", source.read(0, _VERSION[0]))
    yield ContentPart(b"blocks", tuple(join_ranges(kept)))
