"""IPTC and Photoshop image resources without private data, in the same length."""

from __future__ import annotations

import hashlib

from galleryctl.model.privacy import PrivateKind
from galleryctl.photo.metadata.iptc import iptc_datasets, photoshop_resources
from galleryctl.photo.privacy.search import PrivateSearch
from galleryctl.photo.privacy.xmp import strip_xmp

_PLACES = frozenset(bytes(number) for number in ((2, 26), (2, 27), (2, 90), (2, 92), (2, 95), (2, 100), (2, 101)))
_IPTC, _IPTC_DIGEST, _XMP = b"\x04\x04", b"\x04\x25", b"\x04\x24"
_EXIF = (b"\x04\x22", b"\x04\x23")
_THUMBNAILS = (b"\x04\x09", b"\x04\x0c")
_THUMBNAIL_HEADER = 28


def strip_iptc(data: bytes, search: PrivateSearch) -> bytes:
    """Return an IPTC block without the datasets of places; zeros at its end fill it up. Raises MalformedError."""
    parts = list(iptc_datasets(data))
    kept = [part for part in parts if part.kind not in _PLACES or not data[part.content_start : part.end].strip(b"\0 ")]
    if len(kept) == len(parts) or not search.covers(PrivateKind.LOCATION):
        return data
    return b"".join(data[part.start : part.end] for part in kept).ljust(len(data), b"\0")


def strip_photoshop(data: bytes, search: PrivateSearch) -> bytes:
    """Return Photoshop image resources without private data. Raises MalformedError.

    The digest of the IPTC block is corrected: programs compare it to see if the block was edited behind their back.
    """
    copy = bytearray(data)
    digests: dict[bytes, bytes] = {}
    resources = list(photoshop_resources(data))
    for part in resources:
        content = data[part.content_start : part.content_end]
        new = _strip_resource(part.kind, content, search)
        copy[part.content_start : part.content_end] = new
        if part.kind == _IPTC and new != content:
            digests[_md5(content)] = _md5(new)
    for part in resources:
        content = data[part.content_start : part.content_end]
        if part.kind == _IPTC_DIGEST and content in digests:
            copy[part.content_start : part.content_end] = digests[content]
    return bytes(copy)


def _strip_resource(kind: bytes, content: bytes, search: PrivateSearch) -> bytes:
    if kind == _IPTC:
        return strip_iptc(content, search)
    if kind == _XMP:
        return strip_xmp(content, search)
    if kind in _EXIF and content.strip(b"\0"):
        return search.strip_exif(content)
    if kind in _THUMBNAILS and content[_THUMBNAIL_HEADER:].startswith(b"\xff\xd8\xff"):
        return content[:_THUMBNAIL_HEADER] + search.strip_picture(content[_THUMBNAIL_HEADER:])
    return content


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()
