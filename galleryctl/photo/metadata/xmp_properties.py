"""Collects properties from the XML of XMP, without building a tree of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, NoReturn
from xml.etree.ElementTree import ParseError

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_LANGUAGE = _XML + "lang"
_NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "darktable": "http://darktable.sf.net/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
}
_WANTED = {
    "dc": ("title", "description", "subject"),
    "xmp": ("Rating", "Label", "CreateDate"),
    "exif": ("DateTimeOriginal", "DateTimeDigitized", "GPSLatitude", "GPSLongitude"),
    "photoshop": ("DateCreated", "City", "State", "Country"),
    "Iptc4xmpCore": ("AltTextAccessibility", "ExtDescrAccessibility", "Location", "CountryCode"),
    "Iptc4xmpExt": ("LocationCreated", "LocationShown"),
    "darktable": ("colorlabels",),
    "digiKam": ("ColorLabel",),
}
_NAMES = {f"{{{_NAMESPACES[prefix]}}}{name}": f"{prefix}:{name}" for prefix, names in _WANTED.items() for name in names}
_MAX_DEPTH = 100
_PROPERTY, _ITEM = 2, 4
"""The level of a property below `rdf:RDF`, and that of an item in a list that is its value."""


class XmpText(NamedTuple):
    """A text of a property: one language, one item of a list, or the whole value."""

    language: str
    text: str


class PropertyReader:
    """A target of an XML parser. It collects the properties of the described file, and not of those placed in it.

    These are the attributes and the children of the descriptions directly below `rdf:RDF`:

        <rdf:RDF><rdf:Description xmp:Rating="3"><dc:title><rdf:Alt><rdf:li xml:lang="x-default">Harbour</rdf:li>…
    """

    def __init__(self) -> None:
        self.texts: dict[str, list[XmpText]] = {}
        self.filled: set[str] = set()
        """The properties with any text, also within structures."""
        self._depth, self._rdf_depth = 0, 0
        self._property = ""
        self._language = ""
        self._parts: list[str] = []

    @property
    def has_rdf(self) -> bool:
        """True once `rdf:RDF` was found."""
        return self._rdf_depth > 0

    def doctype(self, name: str, *_: str | None) -> NoReturn:
        """Reject a DOCTYPE before its content is read: entities cannot be declared anywhere else."""
        raise ParseError(f"a DOCTYPE is not allowed: {name}")

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Begin an element."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise ParseError(f"more than {_MAX_DEPTH} levels")
        if not self._rdf_depth:
            if tag == _RDF + "RDF":
                self._rdf_depth = self._depth
            return
        level = self._depth - self._rdf_depth
        if level == 1:
            for name in _NAMES.keys() & attributes.keys():
                self._add(_NAMES[name], "", attributes[name])
        elif level == _PROPERTY:
            self._property, self._parts, self._language = _NAMES.get(tag, ""), [], ""
        elif self._property:
            self._start_within(level, tag, attributes)

    def _start_within(self, level: int, tag: str, attributes: Mapping[str, str]) -> None:
        """Begin an element within the value of a property."""
        if level == _ITEM and tag == _RDF + "li":
            self._parts, self._language = [], attributes.get(_LANGUAGE, "")
        if any(value.strip() for name, value in attributes.items() if not name.startswith((_RDF, _XML))):
            self.filled.add(self._property)

    def data(self, text: str) -> None:
        """Collect text."""
        if not self._property:
            return
        if self._depth - self._rdf_depth in (_PROPERTY, _ITEM):
            self._parts.append(text)
        if not text.isspace():
            self.filled.add(self._property)

    def end(self, tag: str) -> None:
        """End an element."""
        level = self._depth - self._rdf_depth
        self._depth -= 1
        if not self._property:
            return
        if level == _ITEM and tag == _RDF + "li":
            self._add(self._property, self._language, "".join(self._parts))
            self._parts = []
        elif level == _PROPERTY:
            self._add(self._property, "", "".join(self._parts))
            self._property = ""

    def close(self) -> PropertyReader:
        """Return the reader itself."""
        return self

    def first(self, *names: str) -> str:
        """Return the default language of the first property that has a text, else its first text."""
        for name in names:
            texts = self.texts.get(name, [])
            chosen = next((text for text in texts if text.language == "x-default"), texts[0] if texts else None)
            if chosen is not None:
                return chosen.text
        return ""

    def all(self, name: str) -> list[str]:
        """Return the texts of a property."""
        return [text.text for text in self.texts.get(name, [])]

    def _add(self, name: str, language: str, text: str) -> None:
        if text.strip():
            self.texts.setdefault(name, []).append(XmpText(language, text))
            self.filled.add(name)
