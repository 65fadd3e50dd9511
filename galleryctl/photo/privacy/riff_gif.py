"""WebP and GIF files without private data, in the same length."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from galleryctl.model.privacy import PrivateKind
from galleryctl.photo.containers.gif import gif_blocks
from galleryctl.photo.containers.webp import webp_chunks
from galleryctl.photo.metadata.block import MAX_BLOCK_BYTES
from galleryctl.photo.privacy.exif import strip_exif
from galleryctl.photo.privacy.search import PrivateSearch, changed_spans, zeros
from galleryctl.photo.privacy.xmp import strip_xmp
from galleryctl.photo.source import ByteSource, MalformedError, Part
from galleryctl.photo.splice import Splice

_WEBP_KNOWN = frozenset((b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"))
_EXIF_PREFIX = b"Exif\0\0"
_GIF_XMP = b"\xff\x0bXMP DataXMP"
_GIF_XMP_END = 258
"""The bytes behind the packet that lead a reader of sub-blocks to the end."""
_GIF_APPLICATION = b"\xff"
_GIF_KNOWN = frozenset(b"\xff\x0b" + name for name in (b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012"))
"""The extensions of applications that say how the pixels are shown."""
_FRAME, _FRAME_HEADER = b"ANMF", 16
_FRAME_KNOWN = frozenset((b"ALPH", b"VP8 ", b"VP8L"))


def webp_splices(file: BinaryIO, search: PrivateSearch) -> Iterator[Splice]:
    """Yield the splices that remove private data. Raises MalformedError."""
    source = ByteSource(file)
    end = 0
    for part in webp_chunks(source):
        end = part.end
        if part.kind == _FRAME:
            yield from _frame_splices(source, part, search)
        if part.kind in _WEBP_KNOWN:
            continue
        if part.kind not in (b"EXIF", b"XMP "):
            yield from _unknown_chunk(source, part, search)
            continue
        old = source.content(part, MAX_BLOCK_BYTES)
        if part.kind == b"XMP ":
            new = strip_xmp(old, search)
        else:
            prefix = _EXIF_PREFIX if old.startswith(_EXIF_PREFIX) else b""
            new = prefix + strip_exif(old[len(prefix) :], search)
        yield from changed_spans([(part.content_start, part.content_end)], old, new)
    yield from _tail_splices(source, end, search)


def _frame_splices(source: ByteSource, frame: Part, search: PrivateSearch) -> Iterator[Splice]:
    """Yield the splices of the chunks within a frame of an animation. Raises MalformedError."""
    at = frame.content_start + _FRAME_HEADER
    while at < frame.content_end:
        header = source.read(at, 8)
        start = at + 8
        end = start + int.from_bytes(header[4:], "little")
        if end > frame.content_end:
            raise MalformedError("truncated: a chunk is larger than its frame")
        if header[:4] not in _FRAME_KNOWN:
            yield from _unknown_chunk(source, Part(header[:4], at, start, end, end), search)
        at = end + (end - start & 1)


def _unknown_chunk(source: ByteSource, part: Part, search: PrivateSearch) -> Iterator[Splice]:
    if source.content(part, MAX_BLOCK_BYTES).strip(b"\0") and search.covers(PrivateKind.UNKNOWN):
        yield zeros(part.content_start, part.content_end)


def gif_splices(file: BinaryIO, search: PrivateSearch) -> Iterator[Splice]:
    """Yield the splices that remove private data. Raises MalformedError."""
    source = ByteSource(file)
    end = source.size
    for part in gif_blocks(source):
        label = source.read_up_to(part.content_start, len(_GIF_XMP))
        end = part.end
        if label == _GIF_XMP:
            start, stop = part.content_start + len(_GIF_XMP), part.content_end - _GIF_XMP_END
            old = source.content(Part(part.kind, part.start, start, stop, part.end), MAX_BLOCK_BYTES)
            yield from changed_spans([(start, stop)], old, strip_xmp(old, search))
        elif (
            part.kind == b"!"
            and label[:1] == _GIF_APPLICATION
            and label not in _GIF_KNOWN
            and search.covers(PrivateKind.UNKNOWN)
        ):
            yield Splice(part.start, part.end)
    yield from _tail_splices(source, end + 1, search)


def _tail_splices(source: ByteSource, start: int, search: PrivateSearch) -> Iterator[Splice]:
    """Yield the splice that cuts off what is behind the end of a picture. Raises MalformedError."""
    if start >= source.size:
        return
    size = source.size - start
    if (size > MAX_BLOCK_BYTES or source.read(start, size).strip(b"\0")) and search.covers(PrivateKind.UNKNOWN):
        yield Splice(start, source.size)
