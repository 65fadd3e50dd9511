"""A search for private data in one file: what it looks for, and what it found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from galleryctl.model.privacy import PrivateKind
from galleryctl.photo.splice import Splice

_LOCATION = re.compile(
    r"(?i:gps|latitude|longi?tude|longtitude|altitude|elevation|iso6709|geohash|geotag|georef|geodetic|highergeography)"
    r"|(?:\A|[a-z_.-])Location|(?:\A|[._-])location|\Afootprint(?:WKT|SRS)"
    r"|(?i:\A(?:verbatim)?(?:coordinate|locality)|\A(?:state)?province(?:state|code|name)?\Z|\Acountry(?:code|name)?\Z)"
    r"|(?i:\A(?:city|county|municipality|continent|island(?:group)?|waterbody|sub-?location|worldregion)\Z)"
    r"|\A(?:State|lat|lon|long|alt|coverage|spatial)\Z"
)
_LOCATION_PREFIX = "georss:"
"""The prefix of names that are all those of places, such as `georss:point`."""
_OWNER = re.compile(r"(?i:serial(?!i[sz])|\A(?:camera|body|lens|device)?[ _-]?owner[ _-]?name\Z)|(?:\A|[a-z_-])SN\Z")
"""Not `CopyrightOwnerName` of PLUS, nor `xmpRights:Owner`."""
_MAKER_NOTE = re.compile(r"(?i:maker_?note|\Ashot_?log)")


def private_kind(name: str) -> PrivateKind | None:
    """Return the kind of what a property with this name says, None if it is not private. A prefix is left out.

    >>> private_kind("exif:GPSLatitude"), private_kind("aux:SerialNumber"), private_kind("dc:rights")
    (<PrivateKind.LOCATION: 'location'>, <PrivateKind.OWNER: 'owner'>, None)
    """
    local = name.rpartition(":")[2]
    if _MAKER_NOTE.search(local):
        return PrivateKind.UNKNOWN
    if name.startswith(_LOCATION_PREFIX) or _LOCATION.search(local):
        return PrivateKind.LOCATION
    return PrivateKind.OWNER if _OWNER.search(local) else None


class PrivateSearch:
    """A search in one file. `found` are those of the `wanted` kinds that are in it.

    `strip_picture` and `strip_exif` return a picture or an EXIF block within other metadata, such as a preview, without
    private data and with the same length.
    """

    def __init__(
        self,
        wanted: frozenset[PrivateKind],
        *,
        strip_picture: Callable[[bytes, PrivateSearch], bytes],
        strip_exif: Callable[[bytes, PrivateSearch], bytes],
    ) -> None:
        self.wanted = wanted
        self.found: set[PrivateKind] = set()
        self.has_place = False
        """True if a place was found: more than the empty GPS directory that cameras write without a fix."""
        self.depth = 0
        self._strip_picture, self._strip_exif = strip_picture, strip_exif

    def covers(self, kind: PrivateKind, *, is_place: bool = True) -> bool:
        """Return True if data of this kind, which were found, are to be removed."""
        if kind not in self.wanted:
            return False
        self.found.add(kind)
        self.has_place |= is_place and kind is PrivateKind.LOCATION
        return True

    def covers_name(self, name: str) -> bool:
        """Return True if a property with this name, which was found, is to be removed."""
        kind = private_kind(name)
        return kind is not None and self.covers(kind)

    def strip_picture(self, data: bytes) -> bytes:
        """Return a picture within metadata without private data, with the same length."""
        return self._strip_picture(data, self)

    def strip_exif(self, data: bytes) -> bytes:
        """Return an EXIF block within other metadata without private data, with the same length."""
        return self._strip_exif(data, self)


def changed_spans(spans: Sequence[tuple[int, int]], old: bytes, new: bytes) -> Iterator[Splice]:
    """Yield the splices that write a block of metadata back to the spans of the file that hold it."""
    at = 0
    for start, end in spans:
        piece = new[at : at + end - start]
        if piece != old[at : at + end - start]:
            yield Splice(start, end, piece)
        at += end - start


def zeros(start: int, end: int) -> Splice:
    """Return the splice that replaces a span with zeros."""
    return Splice(start, end, bytes(end - start))
