"""Reads title, description and subjects from an XMP packet (Dublin Core)."""

from __future__ import annotations

from typing import Any, NamedTuple, NoReturn
from xml.etree.ElementTree import ParseError, TreeBuilder, XMLParser

_DC = "{http://purl.org/dc/elements/1.1/}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
MAX_XMP_BYTES = 4_000_000
"""Limit of a packet; the parsed XML takes many times as much memory."""


class Xmp(NamedTuple):
    """The properties of a packet; "" and () if missing."""

    title: str = ""
    description: str = ""
    subjects: tuple[str, ...] = ()


class _Builder(TreeBuilder):
    """Rejects a DOCTYPE before its content is read: entities cannot be declared anywhere else."""

    def doctype(self, name: str, *_: str | None) -> NoReturn:
        raise ParseError(f"a DOCTYPE is not allowed: {name}")


def read_xmp(packet: bytes | str) -> Xmp:
    """Return the properties of an XMP packet. Raises ValueError if it is not valid XML or has a DOCTYPE."""
    if len(packet) > MAX_XMP_BYTES:
        raise ValueError(f"the XMP has more than {MAX_XMP_BYTES:,} bytes")
    parser = XMLParser(target=_Builder())  # noqa: S314 - without a DOCTYPE nothing is expanded or fetched
    try:
        parser.feed(packet.strip("\0 \n") if isinstance(packet, str) else packet.strip(b"\0 \n"))
        root = parser.close()
    except (ParseError, LookupError) as error:
        raise ValueError(f"the XMP is not valid XML: {error}") from error
    return Xmp(
        title=_default_text(root, "title"),
        description=_default_text(root, "description"),
        subjects=tuple(_list_texts(root, "subject")),
    )


def _default_text(root: Any, name: str) -> str:
    """Return the `x-default` language of a text, else the first one; some programs write it as an attribute."""
    entries = [entry for element in root.iter(_DC + name) for entry in element.iter(_RDF + "li")]
    for entry in entries:
        if entry.get(_LANGUAGE) == "x-default" and entry.text:
            return str(entry.text)
    plain = [entry.text for entry in entries] + [element.text for element in root.iter(_DC + name)]
    attributes = [element.get(_DC + name) for element in root.iter(_RDF + "Description")]
    return next((text for text in (*plain, *attributes) if text and text.strip()), "")


def _list_texts(root: Any, name: str) -> list[str]:
    return [entry.text or "" for element in root.iter(_DC + name) for entry in element.iter(_RDF + "li")]
