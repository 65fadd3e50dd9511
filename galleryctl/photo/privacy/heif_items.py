"""The metadata items of HEIC and AVIF pictures, in the same length."""

from __future__ import annotations

from collections.abc import Iterator

from galleryctl.model.privacy import PrivateKind
from galleryctl.photo.containers.heif import Item, exif_start, heif_items, item_data
from galleryctl.photo.containers.isobmff import child_boxes
from galleryctl.photo.privacy.exif import strip_exif
from galleryctl.photo.privacy.search import PrivateSearch, changed_spans
from galleryctl.photo.privacy.xmp import strip_xmp
from galleryctl.photo.source import ByteSource, MalformedError, Part
from galleryctl.photo.splice import Splice

_XMP_TYPE = b"application/rdf+xml"
_FULL = 4
_METADATA = frozenset((b"Exif", b"mime", b"uri "))


def item_splices(source: ByteSource, meta: Part, search: PrivateSearch) -> Iterator[Splice]:
    """Yield the splices that remove private data from the items. Raises MalformedError."""
    items = heif_items(source, meta).values()
    pixels = [span for item in items if item.type not in _METADATA for span in _spans(item)]
    for item in items:
        if item.type not in _METADATA:
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
    if item.type == b"mime" and item.content_type == _XMP_TYPE:
        if b"<" not in data and data.strip(b"\0 \r\n\t"):
            raise MalformedError("the XMP is compressed")
        return strip_xmp(data, search)
    return bytes(len(data)) if data.strip(b"\0") and search.covers(PrivateKind.UNKNOWN) else data


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
