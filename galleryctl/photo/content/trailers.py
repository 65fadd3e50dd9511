"""The blocks that programs of press agencies append to a JPEG, with captions as in IPTC.

| program | last bytes of the file |
| --- | --- |
| Photo Mechanic | the size in 4 bytes, `cbipcbbl` |
| FotoStation | a tag in 2 bytes, the size with these bytes in 4, `A1B2C3D4` in hexadecimal |
| AFCP | `AXS!` or `AXS*`, the place of the block in the file in 4 bytes, 4 others |

The layouts are those of ExifTool's documentation.
"""

from __future__ import annotations

import re
import struct

from galleryctl.photo.source import ByteSource

_PHOTO_MECHANIC = b"cbipcbbl"
_FOTO_STATION = b"\xa1\xb2\xc3\xd4"
_AFCP = {b"AXS!": ">I", b"AXS*": "<I"}
_FOOTER_BYTES = 12
_FOTO_STATION_BYTES = 10
_MAX_BLOCKS = 100
_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
"""A marker among pixels, where 0xFF is followed by 0, by a restart marker, or by bytes that are not markers."""
_EOI = b"\xd9"
_CHUNK = 1_048_576


def end_without_trailers(source: ByteSource, start: int) -> int:
    """Return where the blocks with captions at the end of a file begin, behind the picture whose pixels are at `start`.

    Raises MalformedError if the file is too short, or has too many pixels to find their end.
    """
    end = source.size
    if _start_of_block(source, end) is None:
        return end
    picture_end = _picture_end(source, start)
    for _ in range(_MAX_BLOCKS):
        before = _start_of_block(source, end)
        if before is None or not picture_end <= before < end:
            break
        end = before
    return end


def _picture_end(source: ByteSource, start: int) -> int:
    """Return the place behind the end of a picture; progressive pictures have segments between their pixels."""
    at = start
    while at < source.size:
        chunk = source.read_up_to(at, _CHUNK)
        found = _MARKER.search(chunk)
        if found is None:
            at += max(len(chunk) - 1, 1)  # a marker may begin with the last byte
            continue
        if found[0][1:] == _EOI:
            return at + found.end()
        at += found.end()
        size = int.from_bytes(source.read_up_to(at, 2))
        at += size if size >= 2 else 0  # noqa: PLR2004 - the size counts its own two bytes
    return source.size


def _start_of_block(source: ByteSource, end: int) -> int | None:
    footer = source.read(end - _FOOTER_BYTES, _FOOTER_BYTES)
    if footer.endswith(_PHOTO_MECHANIC):
        return end - _FOOTER_BYTES - int.from_bytes(footer[:4])
    if footer.endswith(_FOTO_STATION):
        size = int.from_bytes(footer[4:8])
        return end - size if size >= _FOTO_STATION_BYTES else None
    if order := _AFCP.get(footer[:4]):
        (start,) = struct.unpack(order, footer[4:8])
        return int(start) if source.read_up_to(start, 4) == footer[:4] else None
    return None
