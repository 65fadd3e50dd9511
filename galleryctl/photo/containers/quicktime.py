"""QuickTime and MP4: the box `moov`, with dates, size and location."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from galleryctl.photo.containers.fields import FieldReader
from galleryctl.photo.containers.isobmff import boxes, child_boxes
from galleryctl.photo.facts import PhotoFacts
from galleryctl.photo.metadata.block import MAX_BLOCK_BYTES, Block, BlockKind, Metadata
from galleryctl.photo.metadata.dates import parse_date, quicktime_date
from galleryctl.photo.source import ByteSource, MalformedError, Part

_XMP_UUID = bytes.fromhex("BE7ACFCB97A942E89C71999491E3AFAC")
_MAX_VALUE_BYTES = 65_536
_MAX_TABLE_BYTES = 1_000_000
_CREATION_DATE = b"com.apple.quicktime.creationdate"
_LOCATION_KEYS = (b"com.apple.quicktime.location.ISO6709", b"com.apple.quicktime.location.name")
_DAY, _PLACE, _PLACE_3GPP = b"\xa9day", b"\xa9xyz", b"loci"
# By the first two numbers of the matrix, the cosine and the sine.
_ROTATIONS: Mapping[tuple[int, ...], int] = {(0, 1): 90, (-1, 0): 180, (0, -1): 270}


def read_quicktime(source: ByteSource) -> Iterator[PhotoFacts | Metadata | Block]:
    """Yield size, dates, location and XMP of a video. Raises MalformedError."""
    for box in boxes(source, 0, source.size):
        if box.kind == b"moov":
            yield from read_movie(source, box)
        elif box.kind == _XMP_UUID:
            yield Block(BlockKind.XMP, source.content(box, MAX_BLOCK_BYTES))


def read_movie(source: ByteSource, moov: Part) -> Iterator[PhotoFacts | Metadata | Block]:
    """Yield what the box `moov` says. Raises MalformedError."""
    for box in child_boxes(source, moov):
        if box.kind == b"mvhd":
            header = FieldReader.of(source, box, _MAX_VALUE_BYTES)
            yield Metadata(created=quicktime_date(header.number(8 if header.version else 4)))
        elif box.kind == b"trak":
            yield from _read_track(source, box)
        elif box.kind == b"meta":
            yield from _read_keys(source, box)
        elif box.kind == b"udta":
            yield from _read_user_data(source, box)
        elif box.kind == _XMP_UUID:
            yield Block(BlockKind.XMP, source.content(box, MAX_BLOCK_BYTES))


def _read_track(source: ByteSource, trak: Part) -> Iterator[PhotoFacts]:
    """Yield the size and the rotation of a track of pictures, which the matrix of its header says."""
    for box in child_boxes(source, trak):
        if box.kind != b"tkhd":
            continue
        header = FieldReader.of(source, box, _MAX_VALUE_BYTES)
        header.take(32 if header.version else 20)  # dates, id, duration
        header.take(16)  # layer, volume
        matrix = header.take(36)
        width, height = header.number(4) >> 16, header.number(4) >> 16
        turn = tuple(int.from_bytes(matrix[at : at + 4], signed=True) >> 16 for at in (0, 4))
        if width and height:
            yield PhotoFacts(width=width, height=height, rotation=_ROTATIONS.get(turn, 0))


def _read_keys(source: ByteSource, meta: Part) -> Iterator[Metadata]:
    """Yield the values that Apple's devices store by the names in the box `keys`."""
    is_full = source.read_up_to(meta.content_start + 4, 4) != b"hdlr"
    parts = {box.kind: box for box in child_boxes(source, meta, 4 if is_full else 0)}
    if b"keys" not in parts or b"ilst" not in parts:
        return
    table = FieldReader.of(source, parts[b"keys"], _MAX_TABLE_BYTES)
    names: list[bytes] = []
    for _ in range(table.number(4)):
        size = table.number(4)
        if size < 8:  # noqa: PLR2004 - the size counts itself and the namespace
            raise MalformedError("a box is damaged")
        table.take(4)
        names.append(table.take(size - 8))
    for box in child_boxes(source, parts[b"ilst"]):
        index = int.from_bytes(box.kind) - 1
        name = names[index] if 0 <= index < len(names) else b""
        if name == _CREATION_DATE:
            yield Metadata(original=parse_date(_value(source, box)))
        elif name in _LOCATION_KEYS and _value(source, box):
            yield Metadata(has_location=True)


def _value(source: ByteSource, box: Part) -> str:
    """Return the text in the box `data` of a value."""
    data = next((part for part in child_boxes(source, box) if part.kind == b"data"), None)
    return "" if data is None else source.content(data, _MAX_VALUE_BYTES)[8:].decode("utf-8", "replace").strip("\0 ")


def _read_user_data(source: ByteSource, udta: Part) -> Iterator[Metadata | Block]:
    for box in child_boxes(source, udta):
        if box.kind == _DAY:
            text = source.content(box, _MAX_VALUE_BYTES)[4:].decode("utf-8", "replace")
            yield Metadata(original=parse_date(text))
        elif box.kind in (_PLACE, _PLACE_3GPP):
            yield Metadata(has_location=True)
        elif box.kind == b"XMP_":
            yield Block(BlockKind.XMP, source.content(box, MAX_BLOCK_BYTES))
