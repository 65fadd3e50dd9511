"""The values that videos say of themselves: user data, and values by the names of their keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from galleryctl.model.privacy import PrivateKind
from galleryctl.photo.containers.fields import FieldReader
from galleryctl.photo.containers.isobmff import child_boxes
from galleryctl.photo.metadata.block import MAX_BLOCK_BYTES
from galleryctl.photo.privacy.movie_boxes import blank_box
from galleryctl.photo.privacy.search import PrivateSearch, changed_spans, private_kind
from galleryctl.photo.privacy.xmp import strip_xmp
from galleryctl.photo.source import ByteSource, MalformedError, Part
from galleryctl.photo.splice import Splice

_PLACES = frozenset((b"\xa9xyz", b"loci", b"gps ", b"GPS ", b"\xa9gps", b"gpsp"))
_OWNERS = frozenset((b"\xa9csn", b"\xa9uid", b"CAME"))
"""Serial numbers of DJI and GoPro."""
_TEXTS = frozenset(
    (
        *(
            b"nam",
            b"cpy",
            b"ART",
            b"art",
            b"alb",
            b"cmt",
            b"day",
            b"des",
            b"dir",
            b"ed1",
            b"ed2",
            b"ed3",
            b"fmt",
            b"gen",
        ),
        *(b"inf", b"key", b"lyr", b"mak", b"mod", b"swr", b"too", b"wrt", b"PRD", b"prd", b"prf", b"req", b"src"),
        *(b"wrn", b"aut", b"grp", b"trk", b"url", b"hst", b"isr", b"lab", b"lal", b"com", b"enc", b"phg", b"TIM"),
        *(b"TSC", b"TSZ", b"mal", b"cam", b"arg", b"dis"),
    )
)
"""The texts of QuickTime, each with the character 0xA9 before it."""
_PLAIN = frozenset(
    (
        *(b"cprt", b"auth", b"titl", b"dscp", b"perf", b"gnre", b"rtng", b"clsf", b"kywd", b"albm", b"yrrc", b"coll"),
        *(b"tsel", b"name", b"hnti", b"hinf", b"meta", b"chpl", b"WLOC", b"LOOP", b"SelO", b"AllF", b"ptv ", b"date"),
        *(b"vndr", b"tnam", b"tagc", b"strk", b"kind", b"free", b"skip", b"\0\0\0\0", b"urat"),
    )
)
_MAX_TABLE_BYTES, _MAX_NAME_BYTES = 1_000_000, 4096
_PRIVATE_NAME = re.compile(r"serial|(?<!copyright)owner|(?P<place>position|coordinate)", re.IGNORECASE)
_COVER = b"covr"
_COVER_HEADER = 8
_COVER_METADATA = (b"eXIf", b"iTXt", b"tEXt", b"zTXt")
_FREEFORM = b"----"


def user_data_splices(source: ByteSource, udta: Part, search: PrivateSearch) -> Iterator[Splice]:
    """Yield the splices of user data. Raises MalformedError.

    What is not known is private: cameras put notes of their own there.
    """
    for box in child_boxes(source, udta):
        if box.kind == b"XMP_":
            old = source.content(box, MAX_BLOCK_BYTES)
            yield from changed_spans([(box.content_start, box.content_end)], old, strip_xmp(old, search))
        elif (kind := _kind_of(box.kind)) and search.covers(kind):
            yield from blank_box(box)


def _kind_of(type_: bytes) -> PrivateKind | None:
    if type_ in _PLACES:
        return PrivateKind.LOCATION
    if type_ in _OWNERS:
        return PrivateKind.OWNER
    is_text = type_[:1] == b"\xa9" and type_[1:] in _TEXTS
    return None if is_text or type_ in _PLAIN else PrivateKind.UNKNOWN


def key_splices(source: ByteSource, parts: Sequence[Part], search: PrivateSearch) -> Iterator[Splice]:
    """Yield the splices of the values in a box `meta`, whose names are in the box `keys` or are their types.

    Raises MalformedError.
    """
    names = [name for box in parts if box.kind == b"keys" for name in _key_names(source, box)]
    for box in (value for part in parts if part.kind == b"ilst" for value in child_boxes(source, part)):
        number = int.from_bytes(box.kind[:4]) - 1
        if box.kind == _COVER:
            yield from _cover_splices(source, box, search)
            continue
        if box.kind == _FREEFORM:
            private = _is_private_name(_freeform_name(source, box), search)
        elif 0 <= number < len(names):
            start, end = names[number]
            private = _is_private_name(source.read(start, end - start).decode("latin-1"), search)
            if private:
                yield Splice(start, end, b"-" * (end - start))
        else:
            private = box.kind in _PLACES and search.covers(PrivateKind.LOCATION)
        if private:
            yield from blank_box(box)


def _cover_splices(source: ByteSource, cover: Part, search: PrivateSearch) -> Iterator[Splice]:
    """Yield the splices of the pictures of a cover; one in PNG with texts is removed. Raises MalformedError."""
    for box in child_boxes(source, cover):
        old = source.content(box, MAX_BLOCK_BYTES)
        picture = old[_COVER_HEADER:]
        new = search.strip_picture(picture)
        if any(kind in picture for kind in _COVER_METADATA) and search.covers(PrivateKind.UNKNOWN):
            new = bytes(len(picture))
        yield from changed_spans([(box.content_start, box.content_end)], old, old[:_COVER_HEADER] + new)


def _key_names(source: ByteSource, keys: Part) -> Iterator[tuple[int, int]]:
    """Yield the spans of the names in the box `keys`. Raises MalformedError."""
    table = FieldReader.of(source, keys, _MAX_TABLE_BYTES)
    at = keys.content_start + 8
    for _ in range(table.number(4)):
        size = table.number(4)
        if size < 8:  # noqa: PLR2004 - the size counts itself and the namespace
            raise MalformedError("a box is damaged")
        table.take(size - 4)
        yield at + 8, at + size
        at += size


def _freeform_name(source: ByteSource, box: Part) -> str:
    name = next((part for part in child_boxes(source, box) if part.kind == b"name"), None)
    return "" if name is None else source.content(name, _MAX_NAME_BYTES)[4:].decode("latin-1")


def _is_private_name(name: str, search: PrivateSearch) -> bool:
    """Return True if the name of a key, such as com.apple.quicktime.location.name, is that of a private value."""
    kind = private_kind(name) or next(filter(None, map(private_kind, name.split("."))), None)
    if kind is None and (found := _PRIVATE_NAME.search(name)):
        kind = PrivateKind.LOCATION if found["place"] else PrivateKind.OWNER
    return kind is not None and search.covers(kind)
