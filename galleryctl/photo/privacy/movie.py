"""HEIC, AVIF, MP4 and QuickTime files without private data: boxes keep their places, because tables refer to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from galleryctl.model.privacy import PrivateKind
from galleryctl.photo.containers.isobmff import boxes, child_boxes
from galleryctl.photo.metadata.block import MAX_BLOCK_BYTES
from galleryctl.photo.privacy.heif_items import item_splices, unused_splices
from galleryctl.photo.privacy.movie_boxes import MOVIE_XMP, blank_box, has_content
from galleryctl.photo.privacy.movie_tracks import track_splices
from galleryctl.photo.privacy.movie_values import key_splices, user_data_splices
from galleryctl.photo.privacy.search import PrivateSearch, changed_spans, zeros
from galleryctl.photo.privacy.xmp import strip_xmp
from galleryctl.photo.source import ByteSource, MalformedError, Part
from galleryctl.photo.splice import Splice

_PLAIN = frozenset(
    (*(b"ftyp", b"styp", b"mdat", b"wide", b"moof", b"mfra", b"sidx", b"ssix", b"prft", b"pdin", b"idat"),)
)
_EMPTY = frozenset((b"free", b"skip"))
_MOVIE_PLAIN = frozenset((b"mvhd", b"iods", b"mvex", b"clip", b"ctab", b"rmra", b"tapt", b"load"))
_TRACK_PLAIN = frozenset(
    (b"tkhd", b"edts", b"tref", b"trgr", b"mdia", b"load", b"imap", b"matt", b"kmat", b"txas", b"tapt", b"clip")
)
_META_PLAIN = frozenset(
    (
        *(b"hdlr", b"pitm", b"iinf", b"iloc", b"iprp", b"iref", b"idat", b"dinf", b"grpl", b"ipro", b"fiin"),
        *(b"mhdr", b"keys", b"ilst", b"ctry", b"lang"),
    )
)
_MEDIA_PLAIN = frozenset((b"mdhd", b"hdlr", b"minf", b"elng"))
_FULL = 4


def movie_splices(file: BinaryIO, search: PrivateSearch) -> Iterator[Splice]:
    """Yield the splices that remove private data. Raises MalformedError."""
    source = ByteSource(file)
    top = list(boxes(source, 0, source.size))
    if top and source.size - top[-1].end and search.covers(PrivateKind.UNKNOWN):
        yield Splice(top[-1].end, source.size)
    kinds = {box.kind for box in top}
    if b"meta" in kinds and kinds.isdisjoint((b"moov", b"moof")):
        yield from unused_splices(file, source, top, search)
    for box in top:
        if box.kind == b"moov":
            yield from _movie_splices(file, source, box, top, search)
        elif box.kind == b"meta":
            yield from _meta_splices(file, source, box, search)
        elif box.kind in _EMPTY:
            yield from _empty_box_splices(file, box, search)
        elif box.kind not in _PLAIN:
            yield from _other_box_splices(source, box, search)


def movie_end(file: BinaryIO) -> int:
    """Return the place behind the video with which a file begins. Raises MalformedError."""
    source = ByteSource(file)
    end = 0
    try:
        for box in boxes(source, 0, source.size):
            if not all(0x20 <= byte < 0x7F for byte in box.kind[:4]):  # noqa: PLR2004 - printable characters
                break
            end = box.end
    except MalformedError:
        if not end:
            raise
    return end


def _movie_splices(
    file: BinaryIO, source: ByteSource, moov: Part, top: list[Part], search: PrivateSearch
) -> Iterator[Splice]:
    fragmented = any(box.kind == b"moof" for box in top)
    for box in child_boxes(source, moov):
        if box.kind == b"trak":
            splices = list(track_splices(file, source, box, top, search, fragmented=fragmented))
            yield from splices
            if not any(splice.start == box.start + 4 for splice in splices):  # unless the whole track is removed
                yield from _children_splices(file, source, box, _TRACK_PLAIN, search)
                for media in (inner for inner in child_boxes(source, box) if inner.kind == b"mdia"):
                    yield from _children_splices(file, source, media, _MEDIA_PLAIN, search)
        elif box.kind == b"gps " and search.covers(PrivateKind.LOCATION):
            raise MalformedError("the positions of a camera are between its frames")
        elif box.kind == b"cmov":
            raise MalformedError("the description of the video is compressed")
    yield from _children_splices(file, source, moov, _MOVIE_PLAIN | {b"trak"}, search)


def _children_splices(
    file: BinaryIO, source: ByteSource, parent: Part, plain: frozenset[bytes], search: PrivateSearch
) -> Iterator[Splice]:
    yield from _boxes_splices(file, source, child_boxes(source, parent), plain, search)


def _boxes_splices(
    file: BinaryIO, source: ByteSource, parts: Iterable[Part], plain: frozenset[bytes], search: PrivateSearch
) -> Iterator[Splice]:
    for box in parts:
        if box.kind == b"udta":
            yield from user_data_splices(source, box, search)
            for inner in child_boxes(source, box):
                if inner.kind == b"meta":
                    yield from _meta_splices(file, source, inner, search)
                elif inner.kind in _EMPTY:
                    yield from _empty_box_splices(file, inner, search)
        elif box.kind == b"meta":
            yield from _meta_splices(file, source, box, search)
        elif box.kind in _EMPTY:
            yield from _empty_box_splices(file, box, search)
        elif box.kind not in plain:
            yield from _other_box_splices(source, box, search)


def _meta_splices(file: BinaryIO, source: ByteSource, meta: Part, search: PrivateSearch) -> Iterator[Splice]:
    """Yield the splices of the items of pictures, or of values by their names."""
    skip = 0 if source.read_up_to(meta.content_start + 4, 4) == b"hdlr" else _FULL
    parts = list(child_boxes(source, meta, skip))
    if any(box.kind == b"iinf" for box in parts):
        yield from item_splices(source, meta, search)
    yield from key_splices(source, parts, search)
    yield from _boxes_splices(file, source, parts, _META_PLAIN, search)


def _empty_box_splices(file: BinaryIO, box: Part, search: PrivateSearch) -> Iterator[Splice]:
    """Yield the splice of a box whose content has no meaning: programs leave what was there before."""
    if has_content(file, box.content_start, box.content_end) and search.covers(PrivateKind.UNKNOWN):
        yield zeros(box.content_start, box.content_end)


def _other_box_splices(source: ByteSource, box: Part, search: PrivateSearch) -> Iterator[Splice]:
    """Yield the splices of XMP, or of a box that is not known."""
    if box.kind == MOVIE_XMP:
        old = source.content(box, MAX_BLOCK_BYTES)
        yield from changed_spans([(box.content_start, box.content_end)], old, strip_xmp(old, search))
    elif search.covers(PrivateKind.UNKNOWN):
        yield from blank_box(box)
