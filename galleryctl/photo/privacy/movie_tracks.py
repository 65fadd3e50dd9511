"""The tracks of a video that hold measurements, such as a position for each second: they are removed."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from galleryctl.model.privacy import PrivateKind
from galleryctl.photo.containers.isobmff import child_boxes
from galleryctl.photo.privacy.movie_boxes import blank_box
from galleryctl.photo.privacy.search import PrivateSearch, zeros
from galleryctl.photo.source import ByteSource, MalformedError, Part
from galleryctl.photo.splice import Splice

_SHOWN = frozenset(
    (
        *(b"vide", b"soun", b"tmcd", b"hint", b"pict", b"auxv", b"clcp", b"subp", b"sdsm", b"odsm", b"ocsm", b"crsm"),
        *(b"m7sm", b"ipsm", b"mjsm", b"musi", b"MPEG", b"twen", b"sprt", b"qd3d", b"strm", b"alis", b"url "),
    )
)
_TEXTS = frozenset((b"text", b"sbtl", b"subt"))
_POSITIONS = frozenset((b"gpmd", b"camm", b"gps ", b"GPS "))
"""The types of samples that have positions: of GoPro, of Google, of dashboard cameras."""
_KEYED = b"mebx"
_LOCATION_KEY = b"location"
_TEXT_WITH_PLACE = re.compile(
    rb"gps|latitude|longi?tude|\blat\b|[+-]?\d{1,3}\.\d{3,}[^\d\n]{1,12}-?\d{1,3}\.\d{3,}", re.IGNORECASE
)
_MAX_TABLE_BYTES, _MAX_TEXT_BYTES = 32_000_000, 1_000_000
_MAX_SAMPLES = 2_000_000
_HANDLER_TYPE = slice(8, 12)


def track_splices(
    file: BinaryIO, source: ByteSource, trak: Part, top: Sequence[Part], search: PrivateSearch, *, fragmented: bool
) -> Iterator[Splice]:
    """Yield the splices that remove a track and its samples, none for a track that is shown. Raises MalformedError."""
    tables = _track_tables(source, trak)
    handler = source.content(tables[b"hdlr"], 65_536)[_HANDLER_TYPE] if b"hdlr" in tables else b""
    if handler in _SHOWN or b"stsd" not in tables:
        return
    entry = source.read_up_to(tables[b"stsd"].content_start, 65_536) if b"stsd" in tables else b""
    spans = list(_sample_spans(source, tables))
    if handler in _TEXTS:
        if not _TEXT_WITH_PLACE.search(_read_texts(file, spans)) or not search.covers(PrivateKind.LOCATION):
            return
    elif not search.covers(_kind_of(entry)):
        return
    if fragmented:
        raise MalformedError("measurements are in the fragments of the video")
    yield from blank_box(trak)
    data = [box for box in top if box.kind == b"mdat"]
    for start, end in spans:
        if not any(box.content_start <= start and end <= box.content_end for box in data):
            raise MalformedError("the samples of a track are not in the file")
        yield zeros(start, end)


def _kind_of(entry: bytes) -> PrivateKind:
    type_ = entry[12:16]
    has_positions = type_ in _POSITIONS or (type_ == _KEYED and _LOCATION_KEY in entry.lower())
    return PrivateKind.LOCATION if has_positions else PrivateKind.UNKNOWN


def _track_tables(source: ByteSource, trak: Part) -> dict[bytes, Part]:
    """Return the handler of a track, and the tables of its samples."""
    tables: dict[bytes, Part] = {}
    for media in (box for box in child_boxes(source, trak) if box.kind == b"mdia"):
        for box in child_boxes(source, media):
            if box.kind == b"hdlr":
                tables[b"hdlr"] = box
            elif box.kind == b"minf":
                for inner in (each for each in child_boxes(source, box) if each.kind == b"stbl"):
                    tables |= {table.kind: table for table in child_boxes(source, inner)}
    return tables


def _sample_spans(source: ByteSource, tables: dict[bytes, Part]) -> Iterator[tuple[int, int]]:
    """Yield the spans of the chunks of samples. Raises MalformedError."""
    chunks = _numbers(source, tables.get(b"stco"), "I") or _numbers(source, tables.get(b"co64"), "Q")
    if not chunks:
        return
    if b"stsc" not in tables or b"stsz" not in tables:
        raise MalformedError("the samples of a track cannot be found")
    flat = _numbers(source, tables[b"stsc"], "3I")
    runs = [flat[at : at + 2] for at in range(0, len(flat), 3)]  # the first chunk of each run, the samples of a chunk
    head = source.read(tables[b"stsz"].content_start, 12)
    fixed, count = struct.unpack(">4xII", head)
    if count > _MAX_SAMPLES:
        raise MalformedError("a track has too many samples")
    sizes = () if fixed else struct.unpack(f">{count}I", source.read(tables[b"stsz"].content_start + 12, 4 * count))
    sample = run = 0
    for number, start in enumerate(chunks, start=1):
        while run + 1 < len(runs) and runs[run + 1][0] <= number:
            run += 1
        in_chunk = min(runs[run][1] if runs else 0, count - sample)
        size = fixed * in_chunk if fixed else sum(sizes[sample : sample + in_chunk])
        if size:
            yield start, start + size
        sample += in_chunk


def _numbers(source: ByteSource, table: Part | None, code: str) -> tuple[int, ...]:
    """Return the numbers of a table. Raises MalformedError."""
    if table is None:
        return ()
    count = int.from_bytes(source.read(table.content_start + 4, 4))
    size = struct.calcsize(f">{code}") * count
    if size > min(table.content_end - table.content_start, _MAX_TABLE_BYTES):
        raise MalformedError("a table of samples is truncated or too large")
    return struct.unpack(f">{code * count}", source.read(table.content_start + 8, size))


def _read_texts(file: BinaryIO, spans: Sequence[tuple[int, int]]) -> bytes:
    """Return the texts of a track, up to a limit."""
    texts, left = [], _MAX_TEXT_BYTES
    for start, end in spans:
        file.seek(start)
        texts.append(file.read(min(end - start, left)))
        left -= len(texts[-1])
        if left <= 0:
            break
    return b"\n".join(texts)
