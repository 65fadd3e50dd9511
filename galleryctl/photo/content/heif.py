"""The content of a HEIC or AVIF: its pictures with their properties, without the items of EXIF and XMP.

Programs that write captions move all items in the file. So the bytes of each item are taken from where it is, in the
order of the ids, and offsets do not count. The rotation is a property of a picture (`irot`, `imir`), as is its ICC
profile (`colr`); gain maps and previews are pictures of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping

from galleryctl.photo.containers.fields import FieldReader
from galleryctl.photo.containers.heif import (
    EXIF_ITEM,
    FULL_BOX_BYTES,
    MAX_HEIF_ITEMS,
    MAX_TABLE_BYTES,
    Item,
    exif_of_item,
    heif_items,
    item_data,
    item_properties,
)
from galleryctl.photo.containers.isobmff import boxes, child_boxes
from galleryctl.photo.content.exif import exif_content
from galleryctl.photo.content.isobmff import PADDING_BOXES, XMP_UUID
from galleryctl.photo.content.parts import ContentPart
from galleryctl.photo.source import ByteSource, MalformedError, Part

_XMP_TYPE = b"application/rdf+xml"
_WITHOUT_DATA = b"iden"
"""The type of an item that is another one with other properties."""
_ELSEWHERE = frozenset((b"meta", b"mdat", XMP_UUID, *PADDING_BOXES))
_FRAMES = (b"moov", b"moof")


def heif_content(source: ByteSource) -> Iterator[ContentPart]:
    """Yield the parts of the content. Raises MalformedError, also for a file with frames of a sequence."""
    top = list(boxes(source, 0, source.size))
    metas = [box for box in top if box.kind == b"meta"]
    if len(metas) != 1 or any(box.kind in _FRAMES for box in top):
        raise MalformedError("not a file of pictures alone")
    for box in top:
        if box.kind not in _ELSEWHERE:
            yield ContentPart.of_file(box.kind, box.content_start, box.content_end)
    yield from _pictures(source, metas[0])


def _pictures(source: ByteSource, meta: Part) -> Iterator[ContentPart]:
    parts = {box.kind: box for box in child_boxes(source, meta, FULL_BOX_BYTES)}
    for kind in (b"iinf", b"iloc", b"iprp", b"pitm"):
        if kind not in parts:
            raise MalformedError(f"the box {kind.decode()} is missing")
    items = heif_items(source, meta)
    captions = {ident for ident, item in items.items() if _is_caption(item)}
    exif = (exif_of_item(item_data(source, item)) for item in items.values() if item.type == EXIF_ITEM)
    yield exif_content(exif)
    yield ContentPart(b"pitm", FieldReader.of(source, parts[b"pitm"], 16).item_id().to_bytes(4))
    entries = dict(_entries(source, parts[b"iinf"]))
    if entries.keys() != items.keys():
        raise MalformedError("an item is described in an unknown form")
    properties = _property_digests(source, parts[b"iprp"])
    for ident in sorted(items.keys() - captions):
        yield ContentPart(b"item", entries[ident] + properties.get(ident, b""))
        yield from _item_bytes(items[ident])
    references = _references(source, parts[b"iref"], captions) if b"iref" in parts else ()
    yield ContentPart(b"iref", b"".join(references))
    if b"grpl" in parts:
        yield ContentPart.of_file(b"grpl", parts[b"grpl"].content_start, parts[b"grpl"].content_end)


def _is_caption(item: Item) -> bool:
    return item.type == EXIF_ITEM or (item.type == b"mime" and item.content_type == _XMP_TYPE)


def _entries(source: ByteSource, iinf: Part) -> Iterator[tuple[int, bytes]]:
    """Yield the id of each item, and the bytes that describe it."""
    wide = source.read(iinf.content_start, 1)[0]
    for number, box in enumerate(child_boxes(source, iinf, FULL_BOX_BYTES + (4 if wide else 2))):
        if number >= MAX_HEIF_ITEMS:
            raise MalformedError(f"there are more than {MAX_HEIF_ITEMS:,} items")
        data = source.content(box, MAX_TABLE_BYTES)
        entry = FieldReader(data)
        yield entry.number(2 if entry.version <= 2 else 4), data  # noqa: PLR2004 - the last version with ids of 16 bits


def _property_digests(source: ByteSource, iprp: Part) -> Mapping[int, bytes]:
    """Return digests of the properties of each item in their order, each with its mark of being essential."""
    digests: dict[Part, bytes] = {}

    def digest(box: Part) -> bytes:
        if box not in digests:
            content = source.content(box, MAX_TABLE_BYTES)
            digests[box] = hashlib.sha256(box.kind + content).digest()
        return digests[box]

    return {
        ident: b"".join(bytes((essential,)) + digest(box) for essential, box in properties)
        for ident, properties in item_properties(source, iprp).items()
    }


def _item_bytes(item: Item) -> Iterator[ContentPart]:
    if not item.extents and item.type != _WITHOUT_DATA:
        raise MalformedError("the data of an item are not found")
    for start, size in item.extents:
        if not size:
            raise MalformedError("an item has no size")
        yield ContentPart.of_file(b"data", start, start + size)


def _references(source: ByteSource, iref: Part, captions: Collection[int]) -> Iterator[bytes]:
    """Yield the references between items that are not captions, sorted."""
    size = 4 if source.read(iref.content_start, 1)[0] else 2
    found: list[bytes] = []
    for box in child_boxes(source, iref, FULL_BOX_BYTES):
        data = source.content(box, MAX_TABLE_BYTES)
        first, rest = int.from_bytes(data[:size]), data[size + 2 :]
        others = [int.from_bytes(rest[at : at + size]) for at in range(0, len(rest), size)]
        others = [other for other in others if other not in captions]
        if first not in captions and others:
            found.append(b"".join((box.kind, *(ident.to_bytes(4) for ident in (first, len(others), *others)))))
    yield from sorted(found)
