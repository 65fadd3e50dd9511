"""The items of HEIC and AVIF pictures without private data, in the same length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from galleryctl.model.privacy import PrivateKind
from galleryctl.photo.containers.heif import Item, exif_start, heif_items, item_data
from galleryctl.photo.containers.isobmff import child_boxes
from galleryctl.photo.privacy.exif import strip_exif
from galleryctl.photo.privacy.movie_boxes import has_content
from galleryctl.photo.privacy.search import PrivateSearch, changed_spans, zeros
from galleryctl.photo.privacy.xmp import strip_xmp
from galleryctl.photo.source import ByteSource, MalformedError, Part
from galleryctl.photo.splice import Splice

_XMP_TYPE = b"application/rdf+xml"
_FULL = 4
_METADATA = frozenset((b"Exif", b"mime", b"uri ", b"jpeg"))
"""The types of items that are searched: pictures in JPEG may have metadata of their own."""
_PICTURES = frozenset(
    (
        *(b"hvc1", b"hev1", b"hvt1", b"lhv1", b"lht1", b"av01", b"avc1", b"vvc1", b"vvt1", b"vvs1", b"evc1", b"j2k1"),
        *(b"grid", b"iden", b"iovl", b"tmap", b"unci", b"mask", b"tili", b"sato", b"rgan"),
    )
)
_JPEG, _PICTURE_TYPE, _JPEG_TYPE = b"jpeg", b"image/", b"image/jpeg"
_JPEG_START = b"\xff\xd8\xff"
_BEFORE_XMP = b"\0 \r\n\t\xef\xbb\xbf\xfe\xff"
"""The bytes before the first `<` of a packet: spaces, and marks of encodings."""


def item_splices(source: ByteSource, meta: Part, search: PrivateSearch) -> Iterator[Splice]:
    """Yield the splices that remove private data from the items. Raises MalformedError."""
    items = heif_items(source, meta).values()
    pixels = [span for item in items if item.type not in _METADATA for span in _spans(item)]
    for item in items:
        if item.type not in _METADATA:
            if item.type not in _PICTURES and search.covers(PrivateKind.UNKNOWN):
                raise MalformedError("an item has an unknown type")
            continue
        if not item.extents or any(size <= 0 for _, size in item.extents):
            raise MalformedError("the place of a metadata item is not known")
        old = item_data(source, item)
        new = _strip_item(item, old, search)
        if new == old:
            continue
        if any(_overlaps(span, other) for span in _spans(item) for other in (*pixels, *_tables(source, meta))):
            raise MalformedError("a metadata item overlaps with others")
        yield from changed_spans(_spans(item), old, new)


def _strip_item(item: Item, data: bytes, search: PrivateSearch) -> bytes:
    if item.type == b"Exif":
        start = exif_start(data)
        if start < 0 and data.strip(b"\0"):
            raise MalformedError("the header of the EXIF data is not valid")
        return data[:start] + strip_exif(data[start:], search)
    if item.type == _JPEG or item.content_type.lower().startswith(_PICTURE_TYPE):
        return _strip_picture(item, data, search)
    if item.type == b"mime" and item.content_type == _XMP_TYPE:
        text = data.lstrip(_BEFORE_XMP)
        if text and not text.startswith(b"<"):
            raise MalformedError("the XMP is compressed")
        return strip_xmp(data, search)
    return bytes(len(data)) if data.strip(b"\0") and search.covers(PrivateKind.UNKNOWN) else data


def _strip_picture(item: Item, data: bytes, search: PrivateSearch) -> bytes:
    """Return a picture without the private data in its metadata. Raises MalformedError if it cannot be searched."""
    if item.type != _JPEG and item.content_type.lower() != _JPEG_TYPE:
        raise MalformedError("a picture within it has an unknown format")
    new = search.strip_picture(data)
    if new != data and (not data.startswith(_JPEG_START) or not new.strip(b"\0")):
        raise MalformedError("a picture within it is damaged")
    return new


def unused_splices(file: BinaryIO, source: ByteSource, top: Sequence[Part], search: PrivateSearch) -> Iterator[Splice]:
    """Yield the splices that set to zero what no item uses of the data of a file. Raises MalformedError."""
    metas = [box for box in top if box.kind == b"meta"]
    used = sorted(span for meta in metas for item in heif_items(source, meta).values() for span in _spans(item))
    if any(start == end for start, end in used):
        raise MalformedError("an item has no size")
    inner = (box for meta in metas for box in child_boxes(source, meta, _FULL) if box.kind == b"idat")
    for box in (*(box for box in top if box.kind == b"mdat"), *inner):
        at = box.content_start
        for start, end in (*used, (box.content_end, box.content_end)):
            if at < start <= box.content_end and has_content(file, at, start) and search.covers(PrivateKind.UNKNOWN):
                yield zeros(at, start)
            if start <= box.content_end:
                at = max(at, end)


def _spans(item: Item) -> list[tuple[int, int]]:
    return [(start, start + size) for start, size in item.extents]


def _tables(source: ByteSource, meta: Part) -> Iterator[tuple[int, int]]:
    """Yield the spans of the box `meta` in which no items can be: all but the box `idat`."""
    at = meta.start
    for box in child_boxes(source, meta, _FULL):
        if box.kind == b"idat":
            yield at, box.content_start
            at = box.content_end
    yield at, meta.end


def _overlaps(first: tuple[int, int], second: tuple[int, int]) -> bool:
    return first[0] < second[1] and second[0] < first[1]
