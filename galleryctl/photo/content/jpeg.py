"""The content of a JPEG: its segments without captions, and everything from the pixels on.

Programs that write captions move the segments of applications and change their sizes. So these are sorted by their
markers, and fill bytes do not count. Behind the pixels, other pictures may follow: previews, gain maps, videos.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator

from galleryctl.photo.containers.jpeg import (
    EXIF_HEADERS,
    EXTENDED_XMP_HEADER,
    PHOTOSHOP_HEADERS,
    XMP_HEADERS,
    jpeg_segments,
)
from galleryctl.photo.containers.tiff import Tiff
from galleryctl.photo.content.exif import exif_content
from galleryctl.photo.content.parts import ContentPart
from galleryctl.photo.content.trailers import end_without_trailers
from galleryctl.photo.source import ByteSource, MalformedError, Part

_APP1, _APP2, _APP12, _APP13 = b"\xe1", b"\xe2", b"\xec", b"\xed"
_COMMENT, _SCAN = b"\xfe", b"\xda"
_APPLICATIONS = range(0xE0, 0xF0)
_ALL_XMP = (*XMP_HEADERS, EXTENDED_XMP_HEADER)
_DUCKY = b"Ducky"
"""A segment of Photoshop with a comment, a copyright, and the quality that was chosen."""
_LEFT_OUT = ((_APP12, (_DUCKY,)), (_APP13, PHOTOSHOP_HEADERS))
_GAIN_MAP = re.compile(rb"hdrgm:Version(?:\s*=\s*[\"']|\s*>\s*)([^\"'<\s]{0,20})")
"""The mark that a gain map follows the picture; without it, the map is not used."""
_MULTI_PICTURE = b"MPF\0"
_PICTURES = 0xB002
_PICTURE_BYTES = 16
_MAX_SEGMENT = 65_536


def jpeg_content(source: ByteSource) -> Iterator[ContentPart]:
    """Yield the parts of the content. Raises MalformedError."""
    segments = list(jpeg_segments(source))
    if not segments or segments[-1].kind != _SCAN:
        raise MalformedError("the pixels are missing")
    pixels = segments.pop().content_start - 2
    applications = [part for part in segments if part.kind[0] in _APPLICATIONS]
    yield from _application_content(source, sorted(applications, key=lambda part: part.kind), pixels)
    for part in segments:
        if part.kind[0] not in _APPLICATIONS and part.kind != _COMMENT:
            yield ContentPart.of_file(part.kind, part.content_start, part.content_end)
    yield ContentPart.of_file(b"pixels", pixels, end_without_trailers(source, pixels))


def _application_content(source: ByteSource, segments: Iterable[Part], pixels: int) -> Iterator[ContentPart]:
    exif: list[bytes] = []
    gain_map = b""
    for part in segments:
        content = source.content(part, _MAX_SEGMENT)
        if part.kind == _APP1 and content.startswith(EXIF_HEADERS):
            exif.append(content)
        elif part.kind == _APP1 and content.startswith(_ALL_XMP):
            found = _GAIN_MAP.search(content)
            gain_map = gain_map or (found[1] if found else b"")
        elif part.kind == _APP2 and content.startswith(_MULTI_PICTURE):
            yield ContentPart(part.kind, _without_places(content, part.content_start + len(_MULTI_PICTURE), pixels))
        elif not any(part.kind == marker and content.startswith(start) for marker, start in _LEFT_OUT):
            yield ContentPart(part.kind, content)
    yield exif_content(exif)
    yield ContentPart(b"gain map", gain_map)


def _without_places(content: bytes, start: int, pixels: int) -> bytes:
    """Return the table of the pictures in a file, with their distances from the first pixels in place of their offsets.

    Offsets count from `start`, so they change with every segment behind it, and the size of the first picture, which
    has offset 0, with every segment. Raises MalformedError.
    """
    data = bytearray(content)
    tiff = Tiff(ByteSource(content[len(_MULTI_PICTURE) :]))
    order = ">" if tiff.big_endian else "<"
    for entry in tiff.directory(tiff.first_directory):
        if entry.tag != _PICTURES:
            continue
        table = len(_MULTI_PICTURE) + entry.start
        for at in range(table, min(table + entry.size, len(data) - _PICTURE_BYTES + 1), _PICTURE_BYTES):
            size, offset = struct.unpack_from(order + "II", data, at + 4)
            size, offset = (size, (start + offset - pixels) & 0xFFFFFFFF) if offset else (0, 0)
            struct.pack_into(order + "II", data, at + 4, size, offset)
    return bytes(data)
