"""Reads XMP packets: captions, dates, rating, colour labels and location."""

from __future__ import annotations

import re
from xml.etree.ElementTree import ParseError, XMLParser

from galleryctl.photo.facts import Captions
from galleryctl.photo.metadata.block import MAX_BLOCK_BYTES, NO_METADATA, Metadata
from galleryctl.photo.metadata.dates import parse_date
from galleryctl.photo.metadata.text import clean_caption, unique_tags
from galleryctl.photo.metadata.xmp_properties import PropertyReader
from galleryctl.photo.source import MalformedError

_START = re.compile(r"<((?:[\w.-]{1,20}:)?(?:xmpmeta|xapmeta|RDF))(?=[\s>/])")
_RDF_START = re.compile(r"<((?:[\w.-]{1,20}:)?RDF)(?=[\s>])")
_ENCODING = re.compile(rb"<\?xml[^>]{1,100}\sencoding=[\"'](iso-8859-1|windows-1252)[\"']", re.IGNORECASE)
_ESCAPED = re.compile("[\udc80-\udcff]")
_PLACES = frozenset(
    (
        *("exif:GPSLatitude", "exif:GPSLongitude", "photoshop:City", "photoshop:State", "photoshop:Country"),
        *("Iptc4xmpCore:Location", "Iptc4xmpCore:CountryCode"),
        *("Iptc4xmpExt:LocationCreated", "Iptc4xmpExt:LocationShown"),
    )
)
_DIGITS = tuple("0123456789")
_MIN_RATING, _MAX_RATING = -1, 5
_DARKTABLE_LABELS = ("Red", "Yellow", "Green", "Blue", "Purple")
_DIGIKAM_LABELS = ("", "Red", "Orange", "Yellow", "Green", "Blue", "Magenta", "Gray", "Black", "White")


def read_xmp(packet: bytes) -> Metadata:
    """Return what an XMP packet says.

    Raises MalformedError if it is blank, too large, truncated, not XML or no XMP, or if it has a DOCTYPE.
    """
    if len(packet) > MAX_BLOCK_BYTES:
        raise MalformedError(f"more than {MAX_BLOCK_BYTES:,} bytes")
    text = _ESCAPED.sub(_windows_character, _main_element(_decode(packet)))
    if not text:
        return NO_METADATA
    found = PropertyReader()
    parser = XMLParser(target=found)  # noqa: S314 - without a DOCTYPE nothing is expanded or fetched
    try:
        parser.feed(text)
        parser.close()
    except (ParseError, UnicodeError) as error:
        raise MalformedError(f"not valid XML: {error}") from error
    if not found.has_rdf:
        raise MalformedError("no rdf:RDF")
    captions = Captions(
        title=clean_caption(found.first("dc:title")),
        description=clean_caption(found.first("dc:description")),
        tags=unique_tags(found.all("dc:subject")),
        alt_text=clean_caption(found.first("Iptc4xmpCore:AltTextAccessibility", "Iptc4xmpCore:ExtDescrAccessibility")),
    )
    return Metadata(
        captions=captions,
        original=parse_date(found.first("photoshop:DateCreated")) or parse_date(found.first("exif:DateTimeOriginal")),
        created=parse_date(found.first("exif:DateTimeDigitized")) or parse_date(found.first("xmp:CreateDate")),
        rating=_rating(found),
        labels=_labels(found),
        has_location=not _PLACES.isdisjoint(found.filled),
    )


def _decode(packet: bytes) -> str:
    """Return the text from the first `<` on. UTF-16 and UTF-32 are recognised by the zeros beside it.

    | bytes from `<` on | at | encoding |
    | --- | --- | --- |
    | `3C 3F 78` | any place | UTF-8 |
    | `3C 00 3F` | an even place, an odd place | UTF-16-LE, UTF-16-BE |
    | `3C 00 00 00` | 4 n, 4 n + 3 | UTF-32-LE, UTF-32-BE |
    """
    at = packet.find(b"<")
    if at < 0:
        blank = not packet.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe")
        raise MalformedError("blank" if blank else "not XML")
    if packet[at + 1 : at + 2] != b"\0":
        declared = _ENCODING.match(packet, at)
        return packet[at:].decode(declared[1].decode() if declared else "utf-8", "surrogateescape")
    unit = 4 if packet[at + 1 : at + 4] == b"\0\0\0" else 2
    little_endian = at % unit == 0
    start = at if little_endian else at - unit + 1
    data = packet[max(start, 0) :]
    return data[: len(data) - len(data) % unit].decode(f"utf-{unit * 8}-{'le' if little_endian else 'be'}", "replace")


def _windows_character(escaped: re.Match[str]) -> str:
    """Return the Windows-1252 character of a byte that is not valid UTF-8."""
    return bytes((ord(escaped[0]) & 0xFF,)).decode("cp1252", "replace")


def _main_element(text: str) -> str:
    """Return the element that holds the metadata, "" if it is empty.

    Behind its end, padding may be truncated, and the rest of an older and longer packet may follow.
    """
    start = _START.search(text)
    if start is None:
        return text
    if "<!DOCTYPE" in text[: start.start()]:
        raise MalformedError("a DOCTYPE is not allowed")
    for found in (start, _RDF_START.search(text, start.start())):
        if found is None:
            continue
        end = re.compile(rf"</{re.escape(found[1])}\s*>").search(text, found.end())
        if end is not None:
            return text[found.start() : end.end()]
        if re.compile(r"[^<>]*/>").match(text, found.end()):
            return ""
    raise MalformedError("truncated")


def _rating(found: PropertyReader) -> float | None:
    """Return the stars; -1 is "rejected"."""
    try:
        rating = float(found.first("xmp:Rating"))
    except ValueError:
        return None
    return rating if _MIN_RATING <= rating <= _MAX_RATING else None


def _labels(found: PropertyReader) -> tuple[str, ...]:
    """Return the colour labels: the label that programs share, else those of darktable or digiKam by number."""
    if label := clean_caption(found.first("xmp:Label")):
        return (label,)
    for name, labels in (("darktable:colorlabels", _DARKTABLE_LABELS), ("digiKam:ColorLabel", _DIGIKAM_LABELS)):
        numbers = [text.strip() for text in found.all(name)]
        if chosen := unique_tags(labels[int(number)] for number in numbers if number in _DIGITS[: len(labels)]):
            return chosen
    return ()
