"""The blocks that programs of press agencies append to a JPEG, with captions as in IPTC.

| program | last bytes of the file |
| --- | --- |
| Photo Mechanic | the size in 4 bytes, `cbipcbbl` |
| FotoStation | a tag in 2 bytes, the size with these bytes in 4, `A1B2C3D4` in hexadecimal |
| AFCP | `AXS!` or `AXS*`, the place of the block in the file in 4 bytes, 4 others |

The layouts are those of ExifTool's documentation.
"""

from __future__ import annotations

import struct

from galleryctl.photo.source import ByteSource

_PHOTO_MECHANIC = b"cbipcbbl"
_FOTO_STATION = b"\xa1\xb2\xc3\xd4"
_AFCP = {b"AXS!": ">I", b"AXS*": "<I"}
_FOOTER_BYTES = 12
_FOTO_STATION_BYTES = 10
_MAX_BLOCKS = 100


def end_without_trailers(source: ByteSource, start: int) -> int:
    """Return where the blocks with captions at the end of a file begin, not before `start`.

    Raises MalformedError if the file is too short.
    """
    end = source.size
    for _ in range(_MAX_BLOCKS):
        before = _start_of_block(source, end)
        if before is None or not start <= before < end:
            break
        end = before
    return end


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
