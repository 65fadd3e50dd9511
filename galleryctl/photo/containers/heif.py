"""HEIC, HEIF and AVIF: the items of the box `meta`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from galleryctl.photo.containers.fields import FieldReader
from galleryctl.photo.containers.isobmff import boxes, child_boxes
from galleryctl.photo.containers.quicktime import read_movie
from galleryctl.photo.facts import PhotoFacts
from galleryctl.photo.metadata.block import MAX_BLOCK_BYTES, Block, BlockKind, Metadata
from galleryctl.photo.source import ByteSource, MalformedError, Part

FULL_BOX_BYTES = 4
"""The bytes of version and flags, with which some boxes begin."""
MAX_TABLE_BYTES = 1_000_000
MAX_HEIF_ITEMS = 20_000
EXIF_ITEM = b"Exif"
"""The type of an item that is an EXIF block."""
_MIME_ITEM = b"mime"
_XMP_TYPE = b"application/rdf+xml"
_TIFF_HEADERS = (b"II*\0", b"MM\0*")


class Item(NamedTuple):
    """An item of the file: a picture, a tile of one, or a metadata block."""

    type: bytes
    content_type: bytes
    extents: tuple[tuple[int, int], ...]
    """Where its bytes are: starts and sizes."""


def heif_items(source: ByteSource, meta: Part) -> dict[int, Item]:
    """Return the items in the box `meta` by their ids. Raises MalformedError."""
    parts = {box.kind: box for box in child_boxes(source, meta, FULL_BOX_BYTES)}
    types = _read_types(source, parts[b"iinf"]) if b"iinf" in parts else {}
    locations = _read_locations(source, parts[b"iloc"], parts.get(b"idat")) if b"iloc" in parts else {}
    return {
        ident: Item(type_, content_type, locations.get(ident, ())) for ident, (type_, content_type) in types.items()
    }


def primary_properties(source: ByteSource, meta: Part) -> list[Part]:
    """Return the properties of the picture that is shown, in their order, with any size if it has none.

    Raises MalformedError.
    """
    primary = 0
    for box in child_boxes(source, meta, FULL_BOX_BYTES):
        if box.kind == b"pitm":
            primary = FieldReader.of(source, box, 16).item_id()
        elif box.kind == b"iprp":
            return _read_properties(source, box, primary)
    return []


def _read_types(source: ByteSource, iinf: Part) -> dict[int, tuple[bytes, bytes]]:
    """Return type and content type of each item by its id, from the box `iinf`."""
    version = source.read(iinf.content_start, 1)[0]
    types: dict[int, tuple[bytes, bytes]] = {}
    for box in child_boxes(source, iinf, FULL_BOX_BYTES + (4 if version else 2)):
        if len(types) >= MAX_HEIF_ITEMS:
            raise MalformedError(f"there are more than {MAX_HEIF_ITEMS:,} items")
        infe = FieldReader.of(source, box, MAX_TABLE_BYTES)
        if box.kind == b"infe" and infe.version <= 3:  # noqa: PLR2004 - the last version
            ident = infe.number(4 if infe.version == 3 else 2)  # noqa: PLR2004 - the version with ids of 32 bits
            infe.number(2)  # protection
            kind = infe.take(4) if infe.version >= 2 else _MIME_ITEM  # noqa: PLR2004 - the first one with types
            strings = infe.rest().split(b"\0")
            types[ident] = (kind, strings[1] if len(strings) > 1 else b"")
    return types


def _read_locations(source: ByteSource, iloc: Part, idat: Part | None) -> dict[int, tuple[tuple[int, int], ...]]:
    """Return the extents of each item by its id, from the box `iloc`; none for those that consist of other items."""
    table = FieldReader.of(source, iloc, MAX_TABLE_BYTES)
    sizes = table.number(2)
    offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    wide = table.version >= 2  # noqa: PLR2004 - the version with ids of 32 bits
    locations: dict[int, tuple[tuple[int, int], ...]] = {}
    extents_left = MAX_HEIF_ITEMS
    for _ in range(min(table.number(4 if wide else 2), MAX_HEIF_ITEMS)):
        ident = table.number(4 if wide else 2)
        method = table.number(2) & 15 if table.version else 0
        table.number(2)  # the data are in this file
        base = table.number(base_size)
        extents = []
        count = table.number(2)
        extents_left -= count
        if extents_left < 0:  # each may have fields of no bytes
            raise MalformedError(f"there are more than {MAX_HEIF_ITEMS:,} extents")
        for _ in range(count):
            table.number(index_size if table.version else 0)
            extents.append((base + table.number(offset_size), table.number(length_size)))
        if method == 0:
            locations[ident] = tuple(extents)
        elif method == 1 and idat is not None:
            locations[ident] = tuple((idat.content_start + offset, length) for offset, length in extents)
    return locations


def _read_properties(source: ByteSource, iprp: Part, primary: int) -> list[Part]:
    chosen = [box for _, box in item_properties(source, iprp).get(primary, ())]
    if any(box.kind == b"ispe" for box in chosen):
        return chosen
    return [*chosen, *(box for box in _all_properties(source, iprp) if box.kind == b"ispe")]


def item_properties(source: ByteSource, iprp: Part) -> dict[int, list[tuple[bool, Part]]]:
    """Return the properties of each item by its id, from the box `iprp`, each with True if it is essential.

    Raises MalformedError.
    """
    properties = _all_properties(source, iprp)
    found: dict[int, list[tuple[bool, Part]]] = {}
    for box in child_boxes(source, iprp):
        if box.kind != b"ipma":
            continue
        table = FieldReader.of(source, box, MAX_TABLE_BYTES)
        size = 2 if table.flags & 1 else 1
        essential = 1 << 8 * size - 1
        for _ in range(min(table.number(4), MAX_HEIF_ITEMS)):
            chosen = found.setdefault(table.item_id(), [])
            for _ in range(table.number(1)):
                value = table.number(size)
                index = value & ~essential
                if 0 < index <= len(properties):
                    chosen.append((bool(value & essential), properties[index - 1]))
    return found


def _all_properties(source: ByteSource, iprp: Part) -> list[Part]:
    container = next((box for box in child_boxes(source, iprp) if box.kind == b"ipco"), None)
    return list(child_boxes(source, container)) if container else []


def read_heif(source: ByteSource) -> Iterator[PhotoFacts | Metadata | Block]:
    """Yield the size, the rotation and the metadata blocks. Raises MalformedError."""
    for box in boxes(source, 0, source.size):
        if box.kind == b"meta":
            yield from _read_meta(source, box)
        elif box.kind == b"moov":  # a sequence of pictures, such as a burst
            yield from read_movie(source, box)


def _read_meta(source: ByteSource, meta: Part) -> Iterator[PhotoFacts | Block]:
    try:
        yield _facts(source, primary_properties(source, meta))
    except MalformedError as error:
        yield PhotoFacts(problems=(str(error),))
    for item in heif_items(source, meta).values():
        if item.type == EXIF_ITEM:
            yield Block(BlockKind.EXIF, exif_of_item(item_data(source, item)))
        elif item.type == _MIME_ITEM and item.content_type == _XMP_TYPE:
            yield Block(BlockKind.XMP, item_data(source, item))


def _facts(source: ByteSource, properties: Sequence[Part]) -> PhotoFacts:
    """Return the size and the rotation that the properties of a picture say, in their order."""
    width = height = rotation = 0
    mirrored = False
    for box in properties:
        if box.kind == b"ispe":
            width, height = max((width, height), _size(source, box))
        elif box.kind == b"irot":  # quarters of a turn anticlockwise
            rotation = (rotation - 90 * (source.read(box.content_start, 1)[0] & 3)) % 360
        elif box.kind == b"imir":  # 1 exchanges left and right, 0 top and bottom
            upside_down = not source.read(box.content_start, 1)[0] & 1
            mirrored, rotation = not mirrored, (180 * upside_down - rotation) % 360
    return PhotoFacts(width=width, height=height, rotation=rotation, mirrored=mirrored)


def _size(source: ByteSource, ispe: Part) -> tuple[int, int]:
    data = source.read(ispe.content_start + FULL_BOX_BYTES, 8)
    return int.from_bytes(data[:4]), int.from_bytes(data[4:])


def item_data(source: ByteSource, item: Item) -> bytes:
    """Return the bytes of an item. Raises MalformedError."""
    if sum(size for _, size in item.extents) > MAX_BLOCK_BYTES:
        raise MalformedError(f"the metadata has more than {MAX_BLOCK_BYTES:,} bytes")
    return b"".join(source.read(start, size) for start, size in item.extents)


def exif_start(data: bytes) -> int:
    """Return the place of the TIFF header in an item: its first four bytes say how many bytes are before it.

    Where they are wrong, it is searched for in the first 64 bytes; -1 if it is not found.
    """
    start = 4 + int.from_bytes(data[:4])
    if data[start : start + 4] not in _TIFF_HEADERS:
        start = max((data.find(header, 0, 64) for header in _TIFF_HEADERS), default=-1)
    return start


def exif_of_item(data: bytes) -> bytes:
    """Return the TIFF structure of an item, all of it if it is not found."""
    start = exif_start(data)
    return data[start:] if start >= 0 else data
