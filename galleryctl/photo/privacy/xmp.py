"""XMP without private data, in the same length: spaces stand in the place of what is removed."""

from __future__ import annotations

import re
from binascii import Error, a2b_base64
from collections.abc import Iterator, Sequence

from galleryctl.model.privacy import PrivateKind
from galleryctl.photo.privacy.search import PrivateSearch, private_kind
from galleryctl.photo.privacy.xmp_encoding import XmpEncoding, xmp_encodings
from galleryctl.photo.source import MalformedError

_NAME = r"[^\s<>/=\"'!?][^\s<>/=\"']*+"
_VALUE = r"(?:\"[^\"<]*+\"|'[^'<]*+')"
_ATTRIBUTE = re.compile(rf"\s++({_NAME})\s*+=\s*+({_VALUE})")
_TOKEN = re.compile(
    rf"(?P<skipped><!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|[^<]++)|</(?P<end>{_NAME})\s*+>"
    rf"|<(?P<start>{_NAME})(?P<attributes>(?:\s++{_NAME}\s*+=\s*+{_VALUE})*+)\s*+(?P<empty>/?+)>",
    re.DOTALL,
)
_DECLARATION = re.compile(r"<!(?:DOCTYPE|ENTITY)")
_SUSPICIOUS = {
    PrivateKind.LOCATION: re.compile(
        r"gps|latitude|longi?tude|altitude|location|iso6709|:(?:city|state|country)", re.IGNORECASE
    ),
    PrivateKind.OWNER: re.compile(r"serial|owner", re.IGNORECASE),
}
_WORD = re.compile(r"[^\s<>/=\"'!?]{2,200}+")
_RDF = re.compile(r"rdf|xmpmeta", re.IGNORECASE)
_TAG = re.compile(r"<(?!!)[^>]*+>")
"""Neither CDATA, which is text, nor a comment, which may hold a former value."""
_MARKUP = re.compile(r"<!--.*?-->|<!\[CDATA\[|\]\]>", re.DOTALL)
_NAMESPACE = re.compile(r"xmlns(?::|\Z)")
_SYNTAX = re.compile(r"xmlns(?::|\Z)|xml:|rdf:(?:about|datatype|parseType)\Z")
"""The names of attributes that say nothing of a value; `rdf:resource` and `rdf:value` do."""
_WITHOUT_PLACE = ("GPSVersionID", "GPSTimeStamp", "GPSDateStamp", "GPSMapDatum")
_BLANK = b"\0 \r\n\t"
_MAX_DEPTH = 200
_ENTITIES = re.compile(r"&#(?:x0*[aAdD]|0*1[03]);|\s+")
_BASE64_JPEG = re.compile(r"\s*(?:&#(?:x0*[aAdD]|0*1[03]);|\s)*/9j/")


def strip_xmp(data: bytes, search: PrivateSearch) -> bytes:
    """Return an XMP packet without private properties. Raises MalformedError if one cannot be taken out.

    A packet without any name of XMP has an unknown format.
    """
    copy = bytearray(data)
    known = False
    for encodings in xmp_encodings(data):
        known = True
        _strip_text(data, copy, encodings, search)
    if not known and data.strip(_BLANK) and search.covers(PrivateKind.UNKNOWN):
        return b" " * len(data)
    return bytes(copy)


def _strip_text(data: bytes, copy: bytearray, encodings: Sequence[XmpEncoding], search: PrivateSearch) -> None:
    """Remove private properties from the copy, in each of the encodings in which it is XML. Raises MalformedError."""
    failure: MalformedError | None = None
    parsed = False
    for encoding in encodings:
        text = encoding.characters(data)
        if not _may_be_private(text):
            continue
        try:
            spans = list(_private_spans(text, search))
        except MalformedError as error:
            if any(kind in search.wanted and words.search(text) for kind, words in _SUSPICIOUS.items()):
                failure = error
            continue
        parsed = True
        for start, end in spans:
            at = encoding.start + start * encoding.unit
            copy[at : at + (end - start) * encoding.unit] = encoding.spaces(end - start)
    if failure is not None and not parsed:
        raise failure


def _may_be_private(text: str) -> bool:
    """Return True if a word could be the name of a private property: most packets have none, and need no parser."""
    return "/9j/" in text or any(map(private_kind, set(_WORD.findall(text))))


def _private_spans(text: str, search: PrivateSearch) -> Iterator[tuple[int, int]]:
    """Yield the spans of private elements and attributes, in ascending order. Raises MalformedError if it is not XML.

    What follows the end of the main element may be the rest of an older packet: it is private if it has properties.
    """
    if _DECLARATION.search(text):
        raise MalformedError("the XMP declares entities")
    scan = _Scan(text, search)
    at = 0
    while at < len(text) and not (scan.main_end and text.startswith("<", at)):
        token = _TOKEN.match(text, at)
        if token is None:
            raise MalformedError("the XMP is not valid XML")
        at = token.end()
        yield from scan.take(token)
    if scan.open:
        raise MalformedError("the XMP is truncated")
    if scan.main_end:
        yield from _rest_spans(text, scan.main_end, search)


class _Scan:
    """The elements that are open at a place of the text, and the private one among them."""

    def __init__(self, text: str, search: PrivateSearch) -> None:
        self._text, self._search = text, search
        self.open: list[str] = []
        self.main_end = 0
        """The end of the element that holds the metadata, 0 before."""
        self._private: tuple[int, int, str] | None = None
        self._leaf: tuple[int, int] | None = None
        """The start of the last element that began and of its content; None once an element ended behind it."""

    def take(self, token: re.Match[str]) -> Iterator[tuple[int, int]]:
        """Take the next tag or text, and yield the spans to remove that end with it."""
        if name := token["start"]:
            yield from self._start(name, token)
        elif name := token["end"]:
            if not self.open or self.open.pop() != name:
                raise MalformedError("the XMP is not valid XML")
            yield from self._private_leaf(token)
        else:
            return
        if self._private is not None and self._private[1] == len(self.open):
            start, _, private = self._private
            self._private = None
            if _covers(private, self._text[start : token.end()], self._search):
                yield start, token.end()
        if not self.open and _RDF.search(name):
            self.main_end = token.end()

    def _start(self, name: str, token: re.Match[str]) -> Iterator[tuple[int, int]]:
        if self._private is None and private_kind(name) in self._search.wanted:
            self._private = (token.start(), len(self.open), name)
        elif self._private is None:
            yield from _private_attributes(self._text, token, self._search)
        self._leaf = None if token["empty"] else token.span()
        if not token["empty"]:
            self.open.append(name)
            if len(self.open) > _MAX_DEPTH:
                raise MalformedError(f"the XMP has more than {_MAX_DEPTH} levels")

    def _private_leaf(self, end: re.Match[str]) -> Iterator[tuple[int, int]]:
        """Yield the span of an element that ends and has no others in it, if it holds a picture with private data."""
        if self._leaf is not None and self._private is None:
            start, content = self._leaf
            if _is_private_picture(_MARKUP.sub("", self._text[content : end.start()]), self._search):
                yield start, end.end()
        self._leaf = None


def _covers(name: str, text: str, search: PrivateSearch) -> bool:
    """Return True if an element or an attribute is to be removed: if it has a wanted kind, and says anything."""
    kind = private_kind(name)
    if kind is None or kind not in search.wanted:
        return False
    values = (found[2][1:-1] for found in _ATTRIBUTE.finditer(text) if not _SYNTAX.match(found[1]))
    if not _TAG.sub("", text).strip() and not any(value.strip() for value in values):
        return False
    return search.covers(kind, is_place=not name.endswith(_WITHOUT_PLACE))


def _rest_spans(text: str, start: int, search: PrivateSearch) -> Iterator[tuple[int, int]]:
    """Yield the span of what follows the main element, up to the end of the packet, if it says something private."""
    end = text.rfind("<?xpacket", start)
    for stop in ((start, end), (end, len(text))) if end >= 0 else ((start, len(text)),):
        if any(words.search(text, *stop) and search.covers(kind) for kind, words in _SUSPICIOUS.items()):
            yield stop


def _private_attributes(text: str, token: re.Match[str], search: PrivateSearch) -> Iterator[tuple[int, int]]:
    for found in _ATTRIBUTE.finditer(text, *token.span("attributes")):
        if _NAMESPACE.match(found[1]):
            continue
        is_picture = _is_private_picture(found[2][1:-1], search)
        if is_picture or _covers(found[1], found[2][1:-1], search):
            yield found.span()


def _is_private_picture(text: str, search: PrivateSearch) -> bool:
    """Return True if a value is a picture with private data in base64."""
    if not _BASE64_JPEG.match(text):
        return False
    try:
        picture = a2b_base64(_ENTITIES.sub("", text))
        return search.strip_picture(picture) != picture
    except (Error, ValueError):
        return search.covers(PrivateKind.UNKNOWN)
