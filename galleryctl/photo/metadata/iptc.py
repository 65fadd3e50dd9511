"""Reads IPTC (IIM) and the Photoshop image resources that contain it."""

from __future__ import annotations

from collections.abc import Iterator

from galleryctl.photo.facts import Captions
from galleryctl.photo.metadata.block import Block, BlockKind, Metadata
from galleryctl.photo.metadata.dates import parse_iptc_date
from galleryctl.photo.metadata.text import clean_caption, decode_text, unique_tags
from galleryctl.photo.source import MalformedError, Part

_MARK = 0x1C
_HEADER = 5
_EXTENDED = 0x8000
_CHARACTER_SET, _TITLE, _KEYWORD, _CAPTION = (1, 90), (2, 5), (2, 25), (2, 120)
_DATE, _TIME, _DIGITAL_DATE, _DIGITAL_TIME = (2, 55), (2, 60), (2, 62), (2, 63)
_PLACES = frozenset(((2, 26), (2, 27), (2, 90), (2, 92), (2, 95), (2, 100), (2, 101)))
_UTF8 = b"\x1b%G"
_MAX_DATASETS = 10_000

_RESOURCE_MARKS = frozenset((b"8BIM", b"PHUT", b"DCSR", b"AgHg", b"MeSa"))
_RESOURCES = {b"\x04\x04": BlockKind.IPTC, b"\x04\x24": BlockKind.XMP}
_MIN_RESOURCE = 12


def photoshop_resources(data: bytes) -> Iterator[Part]:
    """Yield the image resources; the kind of each is its number in two bytes. Raises MalformedError."""
    at = 0
    while at + _MIN_RESOURCE <= len(data):
        if data[at : at + 4] not in _RESOURCE_MARKS:
            if not data[at:].strip(b"\0"):
                return
            raise MalformedError("the Photoshop resources are damaged")
        name_end = at + 6 + (data[at + 6] + 2 & ~1)
        size = int.from_bytes(data[name_end : name_end + 4])
        start = name_end + 4
        end = start + size
        if end > len(data):
            raise MalformedError("the Photoshop resources are truncated")
        yield Part(data[at + 4 : at + 6], at, start, end, end + (size & 1))
        at = end + (size & 1)


def photoshop_blocks(data: bytes) -> Iterator[Block]:
    """Yield the metadata blocks among Photoshop image resources. Raises MalformedError."""
    for part in photoshop_resources(data):
        if kind := _RESOURCES.get(part.kind):
            yield Block(kind, data[part.content_start : part.content_end])


def iptc_datasets(data: bytes) -> Iterator[Part]:
    """Yield the datasets; the kind of each is its record and number, a byte each. Raises MalformedError."""
    at = 0
    for _ in range(_MAX_DATASETS):
        if at >= len(data):
            return
        if data[at] != _MARK:
            if not data[at:].strip(b"\0"):
                return
            raise MalformedError("the datasets are damaged")
        size = int.from_bytes(data[at + 3 : at + _HEADER])
        start = at + _HEADER
        if size & _EXTENDED:  # the number of bytes of the size that follows
            width = size & ~_EXTENDED
            size = int.from_bytes(data[start : start + width]) if width <= 4 else len(data)  # noqa: PLR2004 - the limit of IIM
            start += width
        if start + size > len(data):
            raise MalformedError("the datasets are truncated")
        yield Part(data[at + 1 : at + 3], at, start, start + size, start + size)
        at = start + size
    raise MalformedError(f"there are more than {_MAX_DATASETS:,} datasets")


def read_iptc(data: bytes) -> Metadata:
    """Return what an IPTC block says; datasets before one that is damaged count."""
    found: dict[tuple[int, int], list[bytes]] = {}
    problems: tuple[str, ...] = ()
    try:
        for part in iptc_datasets(data):
            record, number = part.kind
            found.setdefault((record, number), []).append(data[part.content_start : part.content_end])
    except MalformedError as error:
        problems = (str(error),)
    utf8 = found.get(_CHARACTER_SET, [b""])[0] == _UTF8

    def first(dataset: tuple[int, int]) -> str:
        return _decode(found.get(dataset, [b""])[0], utf8=utf8)

    return Metadata(
        captions=Captions(
            title=first(_TITLE),
            description=first(_CAPTION),
            tags=unique_tags(_decode(word, utf8=utf8) for word in found.get(_KEYWORD, [])),
        ),
        original=parse_iptc_date(first(_DATE), first(_TIME)),
        created=parse_iptc_date(first(_DIGITAL_DATE), first(_DIGITAL_TIME)),
        has_location=any(value.strip(b"\0 ") for place in _PLACES & found.keys() for value in found[place]),
        problems=problems,
    )


def _decode(data: bytes, *, utf8: bool) -> str:
    """Return the text; without the mark for UTF-8, many programs write UTF-8 all the same."""
    return clean_caption(data.partition(b"\0")[0].decode("utf-8", "replace") if utf8 else decode_text(data))
