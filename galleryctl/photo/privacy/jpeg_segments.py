"""The metadata segments of a JPEG: blocks, which may continue in the next segment, without private data."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from galleryctl.photo.containers.jpeg import EXIF_HEADERS, EXTENDED_XMP_HEADER, PHOTOSHOP_HEADERS, XMP_HEADERS
from galleryctl.photo.privacy.exif import strip_exif
from galleryctl.photo.privacy.iptc import strip_photoshop
from galleryctl.photo.privacy.search import PrivateSearch, changed_spans
from galleryctl.photo.privacy.xmp import strip_xmp
from galleryctl.photo.source import ByteSource, MalformedError, Part
from galleryctl.photo.splice import Splice

_APP1, _APP13, _APP14 = b"\xe1", b"\xed", b"\xee"
_ADOBE_BYTES = 16
_TIFF = (b"II*\0", b"MM\0*")
_DIGEST_BYTES, _EXTENDED_HEADER = 32, 40
_MAX_SEGMENTS = 2000
_MAX_JUNK = 64
_KNOWN: Mapping[bytes, tuple[bytes, ...]] = {
    b"\xe0": (b"JFIF\0",),
    b"\xe2": (b"ICC_PROFILE\0", b"MPF\0", b"urn:iso:std:iso:ts:21496:-1\0"),
    b"\xe8": (b"SPIFF\0",),
    b"\xeb": (b"HDR_RI ver=", b"JP"),
    b"\xec": (b"Ducky\0",),
    b"\xed": (b"Adobe_CM\0",),
    b"\xee": (b"Adobe",),
}
"""How segments begin that say how the pixels are shown, and nothing private."""
_MAX_BYTES = {b"SPIFF\0": 64, b"HDR_RI ": 512, b"urn:iso": 256}
_BOX_TYPE = slice(12, 16)
_PIXEL_BOX = re.compile(rb"[A-Z0-9]{4}|ftyp")
"""The types of boxes with pixels of JPEG XT; content credentials are in boxes of others."""


def is_known_segment(kind: bytes, content: bytes) -> bool:
    """Return True if an application segment says how the pixels are shown, and nothing private.

    Raises MalformedError.
    """
    if not content.startswith(_KNOWN.get(kind, ())):
        return False
    if kind == _APP14 and len(content) > _ADOBE_BYTES:  # without it, the colours would be others
        raise MalformedError("a segment with the kind of the colours is too large")
    if any(content.startswith(start) and len(content) > limit for start, limit in _MAX_BYTES.items()):
        return False
    return not content.startswith(b"JP") or _PIXEL_BOX.fullmatch(content[_BOX_TYPE]) is not None


class _Block(NamedTuple):
    """A block of metadata in one or more spans of the file."""

    strip: Callable[[bytes, PrivateSearch], bytes]
    spans: list[tuple[int, int]]
    content: list[bytes]


class JpegMetadata:
    """The metadata segments of one picture."""

    def __init__(self, source: ByteSource, search: PrivateSearch) -> None:
        self._source, self._search = source, search
        self._blocks: list[_Block] = []
        self._extended: defaultdict[bytes, list[tuple[int, bytes]]] = defaultdict(list)
        self._segments = 0

    def add(self, part: Part) -> bool:
        """Add a segment, and return False if it has no metadata in a known format. Raises MalformedError."""
        if part.kind not in (_APP1, _APP13):
            return False
        content = self._source.read(part.content_start, part.content_end - part.content_start)
        self._segments += 1
        if self._segments > _MAX_SEGMENTS:
            raise MalformedError(f"more than {_MAX_SEGMENTS:,} segments have metadata")
        if content.startswith(EXTENDED_XMP_HEADER):
            body = content[len(EXTENDED_XMP_HEADER) :]
            self._extended[body[:_DIGEST_BYTES]].append((part.content_start + len(EXTENDED_XMP_HEADER), body))
            return True
        for headers, strip in (
            (EXIF_HEADERS, strip_exif),
            (XMP_HEADERS, strip_xmp),
            (PHOTOSHOP_HEADERS, strip_photoshop),
        ):
            for header in headers:
                if content.startswith(header):
                    self._add_block(strip, part, content, len(header))
                    return True
        return False

    def _add_block(
        self, strip: Callable[[bytes, PrivateSearch], bytes], part: Part, content: bytes, header: int
    ) -> None:
        """Add a block, or what continues the last one of its kind: of Photoshop and, without a TIFF header, of EXIF."""
        body, span = content[header:], (part.content_start + header, part.content_end)
        last = next((block for block in reversed(self._blocks) if block.strip is strip), None)
        continues = strip is strip_photoshop or (strip is strip_exif and not body.startswith(_TIFF))
        if last is not None and continues:
            if strip is strip_exif and any(start in body[:_MAX_JUNK] for start in _TIFF):
                raise MalformedError("the header of the EXIF data is not valid")
            last.spans.append(span)
            last.content.append(body)
        else:
            self._blocks.append(_Block(strip, [span], [body]))

    def splices(self) -> Iterator[Splice]:
        """Yield the splices of all blocks. Raises MalformedError if one cannot be stripped."""
        digests: dict[bytes, bytes] = {}
        for digest, segments in self._extended.items():
            yield from self._extended_splices(digest, segments, digests)
        for block in self._blocks:
            old = b"".join(block.content)
            new = block.strip(old, self._search)
            for before, after in digests.items() if block.strip is strip_xmp else ():
                new = new.replace(before, after)
            yield from changed_spans(block.spans, old, new)

    def _extended_splices(
        self, digest: bytes, segments: list[tuple[int, bytes]], digests: dict[bytes, bytes]
    ) -> Iterator[Splice]:
        """Yield the splices of XMP that does not fit into one segment, and add its digest to those that change.

        Each segment has the digest of the whole, the size of the whole, and its offset in it.
        """
        ordered = sorted(segments, key=lambda segment: segment[1][36:_EXTENDED_HEADER])
        old = b"".join(body[_EXTENDED_HEADER:] for _, body in ordered)
        new = strip_xmp(old, self._search)
        if new == old:
            return
        replaced = digest
        if digest == _digest(old):
            replaced = digests[digest] = _digest(new)
        at = 0
        for start, body in ordered:
            size = len(body) - _EXTENDED_HEADER
            header = replaced + body[_DIGEST_BYTES:_EXTENDED_HEADER]
            yield from changed_spans([(start, start + len(body))], body, header + new[at : at + size])
            at += size


def _digest(packet: bytes) -> bytes:
    return hashlib.md5(packet, usedforsecurity=False).hexdigest().upper().encode()
