"""Recognises the format of a file by its first bytes."""

from __future__ import annotations

import re

from galleryctl.photo.facts import PhotoFormat

HEADER_BYTES = 64
"""The number of bytes that `detect_photo_format` needs."""

_FORMATS = (
    (re.compile(rb"\xff\xd8\xff"), PhotoFormat.JPEG),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), PhotoFormat.PNG),
    (re.compile(rb"GIF8[79]a"), PhotoFormat.GIF),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), PhotoFormat.WEBP),
    (re.compile(rb"II\*\0|MM\0\*"), PhotoFormat.TIFF),
    (re.compile(rb"....(?:moov|mdat|wide|free|skip)", re.DOTALL), PhotoFormat.QUICKTIME),
)
_HEVC_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"))
_AV1_BRANDS = frozenset((b"avif", b"avis"))
_IMAGE_BRANDS = frozenset((b"mif1", b"mif2", b"msf1", b"miaf"))
"""Brands of image files that do not say how the picture is coded."""
_CANON_RAW = b"crx "


def detect_photo_format(head: bytes) -> PhotoFormat | None:
    """Return the format of a file that begins with `head`, None for another format."""
    if head[4:8] == b"ftyp":
        return _format_of_brands(head)
    return next((name for magic, name in _FORMATS if magic.match(head)), None)


def _format_of_brands(head: bytes) -> PhotoFormat | None:
    """Return the format that the box `ftyp` names: the major brand at 8, compatible ones from 16 on."""
    major = head[8:12]
    end = min(int.from_bytes(head[:4]), HEADER_BYTES)
    compatible = {head[at : at + 4] for at in range(16, end, 4)}
    if major in _AV1_BRANDS or (major in _IMAGE_BRANDS and compatible & _AV1_BRANDS):
        return PhotoFormat.AVIF
    if major in _HEVC_BRANDS | _IMAGE_BRANDS:
        return PhotoFormat.HEIC
    if major == _CANON_RAW:
        return None
    return PhotoFormat.QUICKTIME if major == b"qt  " else PhotoFormat.MP4
