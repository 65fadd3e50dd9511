"""The values of EXIF that change how a picture is shown: its orientation and its colour space."""

from __future__ import annotations

from collections.abc import Iterable

from galleryctl.photo.containers.jpeg import EXIF_HEADERS
from galleryctl.photo.containers.tiff import Tiff
from galleryctl.photo.content.parts import ContentPart
from galleryctl.photo.source import ByteSource

_ORIENTATION, _EXIF_DIRECTORY, _COLOR_SPACE = 0x0112, 0x8769, 0xA001
_UPRIGHT, _MAX_ORIENTATION = 1, 8
_UNCALIBRATED = 0xFFFF


def exif_content(blocks: Iterable[bytes]) -> ContentPart:
    """Return orientation and colour space of EXIF blocks, of which the first one that has a value counts.

    A value that is missing is the same as the one that has no effect: programs that add EXIF add these as well.
    Raises MalformedError.

    | EXIF | orientation | colour space |
    | --- | --- | --- |
    | none, or `Orientation` 1 and `ColorSpace` 65535 (uncalibrated) | 1 | 0 |
    | `Orientation` 6, `ColorSpace` 1 (sRGB) | 6 | 1 |
    """
    orientation, color_space = _UPRIGHT, 0
    for block in filter(None, blocks):
        found = _read_values(block)
        orientation = found[0] if orientation == _UPRIGHT else orientation
        color_space = color_space or found[1]
    return ContentPart(b"exif", bytes((orientation,)) + color_space.to_bytes(4))


def _read_values(block: bytes) -> tuple[int, int]:
    for prefix in EXIF_HEADERS:
        block = block.removeprefix(prefix)
    tiff = Tiff(ByteSource(block))
    values: dict[int, int] = {}
    for entry in tiff.directory(tiff.first_directory):
        if entry.tag in (_ORIENTATION, _EXIF_DIRECTORY):
            values.setdefault(entry.tag, tiff.number(entry))
    if inner := values.get(_EXIF_DIRECTORY):
        for entry in tiff.directory(inner):
            if entry.tag == _COLOR_SPACE:
                values.setdefault(entry.tag, tiff.number(entry))
    orientation = values.get(_ORIENTATION, _UPRIGHT)
    color_space = values.get(_COLOR_SPACE, 0)
    return (
        orientation if _UPRIGHT <= orientation <= _MAX_ORIENTATION else _UPRIGHT,
        0 if color_space == _UNCALIBRATED else color_space,
    )
