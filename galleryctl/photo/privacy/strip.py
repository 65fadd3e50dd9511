"""Finds private data in a file, and how a copy is made without them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from galleryctl.model.privacy import PrivateKind
from galleryctl.photo.facts import PhotoFormat
from galleryctl.photo.formats import HEADER_BYTES, detect_photo_format
from galleryctl.photo.privacy.exif import strip_exif
from galleryctl.photo.privacy.jpeg import jpeg_splices
from galleryctl.photo.privacy.movie import movie_splices
from galleryctl.photo.privacy.png import png_splices
from galleryctl.photo.privacy.riff_gif import gif_splices, webp_splices
from galleryctl.photo.privacy.search import PrivateSearch
from galleryctl.photo.read import read_photo
from galleryctl.photo.source import MalformedError
from galleryctl.photo.splice import Splice, open_spliced, read_spliced


class UnknownFormatError(MalformedError):
    """A file of a format that cannot be searched."""


_STRIPPERS: Mapping[PhotoFormat, Callable[[BinaryIO, PrivateSearch], Iterator[Splice]]] = {
    PhotoFormat.JPEG: jpeg_splices,
    PhotoFormat.PNG: png_splices,
    PhotoFormat.GIF: gif_splices,
    PhotoFormat.WEBP: webp_splices,
    PhotoFormat.HEIC: movie_splices,
    PhotoFormat.AVIF: movie_splices,
    PhotoFormat.MP4: movie_splices,
    PhotoFormat.QUICKTIME: movie_splices,
}
_METADATA_SIGNS = (b"Exif\0", b"ns.adobe.com", b"Photoshop 3.0")
_MAX_DEPTH = 3
"""Pictures within the metadata of pictures within metadata."""
_LEFTOVERS = tuple(
    text.encode(encoding) for text in ("GPSLatitude", "ISO6709") for encoding in ("ascii", "utf-16-le", "utf-16-be")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateContent:
    """The private data of the wanted kinds in a file; `splices` make the copy without them."""

    splices: tuple[Splice, ...]
    kinds: frozenset[PrivateKind]
    """The kinds that the splices remove."""
    has_place: bool
    """True if the file says where it was made."""


def find_private(file: BinaryIO, wanted: frozenset[PrivateKind]) -> PrivateContent:
    """Return the private data of the wanted kinds in a photo or a video.

    With only the `kinds` that were found, the same file has the same splices. Raises MalformedError if a copy without
    private data cannot be made, OSError if the file cannot be read.
    """
    search = PrivateSearch(wanted, strip_picture=_strip_picture, strip_exif=strip_exif)
    splices = _find_splices(file, search)
    _check_copy(file, splices, wanted)
    kinds = frozenset(search.found) if splices else frozenset()
    return PrivateContent(splices=splices, kinds=kinds, has_place=search.has_place)


def _find_splices(file: BinaryIO, search: PrivateSearch) -> tuple[Splice, ...]:
    file.seek(0)
    format_ = detect_photo_format(file.read(HEADER_BYTES))
    strip = _STRIPPERS.get(format_) if format_ else None
    if strip is None:
        raise UnknownFormatError("files of its format cannot be searched for private data")
    splices = tuple(sorted(strip(file, search)))
    _check_order(splices)
    return splices


def _check_order(splices: Iterable[Splice]) -> None:
    """Raise MalformedError if spans overlap: the parts of a damaged file can."""
    at = 0
    for splice in splices:
        if splice.start < at:
            raise MalformedError("parts of its metadata overlap")
        at = splice.end


def _check_copy(file: BinaryIO, splices: tuple[Splice, ...], wanted: frozenset[PrivateKind]) -> None:
    """Raise MalformedError unless the copy has nothing private: for this search, for the reader, for a text search."""
    copy = open_spliced(file, splices)
    if splices and _find_splices(copy, PrivateSearch(wanted, strip_picture=_strip_picture, strip_exif=strip_exif)):
        raise MalformedError("private data would be left in it")
    if PrivateKind.LOCATION not in wanted:
        return
    if read_photo(copy).has_location or (splices and _has_leftovers(read_spliced(file, splices))):
        raise MalformedError("a location would be left in it")


def _has_leftovers(chunks: Iterable[bytes]) -> bool:
    before = b""
    for chunk in chunks:
        data = before + chunk
        if any(text in data for text in _LEFTOVERS):
            return True
        before = data[-64:]
    return False


def _strip_picture(data: bytes, search: PrivateSearch) -> bytes:
    """Return a picture within metadata without private data, filled up with zeros; only zeros if it cannot be read."""
    if not any(sign in data for sign in _METADATA_SIGNS):
        return data
    if search.depth >= _MAX_DEPTH:
        return bytes(len(data)) if search.covers(PrivateKind.UNKNOWN) else data
    search.depth += 1
    try:
        splices = sorted(jpeg_splices(io.BytesIO(data), search))
        _check_order(splices)
    except MalformedError:
        return bytes(len(data)) if search.covers(PrivateKind.UNKNOWN) else data
    finally:
        search.depth -= 1
    return b"".join(read_spliced(io.BytesIO(data), splices)).ljust(len(data), b"\0")
