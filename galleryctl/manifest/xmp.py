"""Title, description and subjects of an XMP packet (Dublin Core)."""

from __future__ import annotations

from typing import Any, NamedTuple

_DC = "{http://purl.org/dc/elements/1.1/}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
LARGEST = 4_000_000
"""Bytes of a packet; read as XML it takes many times as much."""


class Xmp(NamedTuple):
    """What the packet says; "" and () where it says nothing."""

    title: str = ""
    description: str = ""
    subjects: tuple[str, ...] = ()


def read_xmp(packet: bytes | str) -> Xmp:
    """What an XMP packet says. Raises ValueError when it is no XML, or XML with entities of its own."""
    from defusedxml import DefusedXmlException  # noqa: PLC0415 - only for pictures with XMP
    from defusedxml.ElementTree import ParseError, fromstring  # noqa: PLC0415

    if len(packet) > LARGEST:
        raise ValueError(f"the XMP has more than {LARGEST:,} bytes")
    try:
        root = fromstring(packet.strip("\0 \n") if isinstance(packet, str) else packet.strip(b"\0 \n"))
    except (ParseError, DefusedXmlException, LookupError) as error:
        raise ValueError(f"the XMP is no valid XML: {error}") from error
    return Xmp(
        title=_alternative(root, "title"),
        description=_alternative(root, "description"),
        subjects=tuple(_entries(root, "subject")),
    )


def _alternative(root: Any, name: str) -> str:
    """The default one of a text in several languages; XMP writers also put it into an attribute."""
    entries = [entry for element in root.iter(_DC + name) for entry in element.iter(_RDF + "li")]
    for entry in entries:
        if entry.get(_LANGUAGE) == "x-default" and entry.text:
            return str(entry.text)
    plain = [entry.text for entry in entries] + [element.text for element in root.iter(_DC + name)]
    attributes = [element.get(_DC + name) for element in root.iter(_RDF + "Description")]
    return next((text for text in (*plain, *attributes) if text and text.strip()), "")


def _entries(root: Any, name: str) -> list[str]:
    return [entry.text or "" for element in root.iter(_DC + name) for entry in element.iter(_RDF + "li")]
