"""The digest of what a photo or a video shows, which stays the same when a program writes captions into its file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import BinaryIO

from galleryctl.photo.content.gif import gif_content
from galleryctl.photo.content.heif import heif_content
from galleryctl.photo.content.jpeg import jpeg_content
from galleryctl.photo.content.parts import ContentPart
from galleryctl.photo.content.png import png_content
from galleryctl.photo.content.quicktime import quicktime_content
from galleryctl.photo.content.webp import webp_content
from galleryctl.photo.facts import PhotoFormat
from galleryctl.photo.formats import HEADER_BYTES, detect_photo_format
from galleryctl.photo.source import ByteSource, MalformedError

_METHOD = b"galleryctl content 1\0\0"
"""A change of what counts needs another number: digests of both methods are never equal."""
_BLOCK_BYTES = 262_144
_READERS: Mapping[PhotoFormat, Callable[[ByteSource], Iterator[ContentPart]]] = {
    PhotoFormat.JPEG: jpeg_content,
    PhotoFormat.PNG: png_content,
    PhotoFormat.GIF: gif_content,
    PhotoFormat.WEBP: webp_content,
    PhotoFormat.HEIC: heif_content,
    PhotoFormat.AVIF: heif_content,
    PhotoFormat.QUICKTIME: quicktime_content,
    PhotoFormat.MP4: quicktime_content,
}


def photo_digest(content: BinaryIO | bytes) -> str:
    """Return the SHA-256 of a file's content in hexadecimal, "" if only its bytes as a whole say what it is.

    XMP, IPTC, EXIF except Orientation and ColorSpace, comments and texts do not count. TIFF and formats that are not read
    have no such digest, nor has a file that is damaged. Raises OSError.
    """
    source = ByteSource(content)
    reader = _READERS.get(detect_photo_format(source.read_up_to(0, HEADER_BYTES)) or PhotoFormat.TIFF)
    if reader is None:
        return ""
    try:
        return _digest(content, reader(source))
    except MalformedError:
        return ""


def _digest(content: BinaryIO | bytes, parts: Iterable[ContentPart]) -> str:
    """Return the digest of the parts. Raises MalformedError if the file has less than they say."""
    digest = hashlib.sha256(_METHOD)
    for name, data in parts:
        size = len(data) if isinstance(data, bytes) else sum(end - start for start, end in data)
        digest.update(b"%d:%b%d:" % (len(name), name, size))
        if isinstance(data, bytes):
            digest.update(data)
            continue
        for block in (block for start, end in data for block in _read_blocks(content, start, end)):
            digest.update(block)
            size -= len(block)
        if size:
            raise MalformedError("truncated")
    return digest.hexdigest()


def _read_blocks(content: BinaryIO | bytes, start: int, end: int) -> Iterator[memoryview]:
    """Yield the bytes of a range, as far as the file has them; a block is valid until the next one is read."""
    if isinstance(content, bytes):
        yield memoryview(content)[start:end]
        return
    content.seek(start)
    buffer = memoryview(bytearray(min(end - start, _BLOCK_BYTES)))
    while start < end and (count := content.readinto(buffer[: end - start])):  # type: ignore[attr-defined]  # files have it
        yield buffer[:count]
        start += count
