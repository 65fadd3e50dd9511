"""Reads what a photo or a video says of itself, from the headers of its file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO

from galleryctl.photo.containers.gif import read_gif
from galleryctl.photo.containers.heif import read_heif
from galleryctl.photo.containers.jpeg import read_jpeg
from galleryctl.photo.containers.png import read_png
from galleryctl.photo.containers.quicktime import read_quicktime
from galleryctl.photo.containers.tiff import read_tiff
from galleryctl.photo.containers.webp import read_webp
from galleryctl.photo.facts import NO_FACTS, PhotoFacts, PhotoFormat
from galleryctl.photo.formats import HEADER_BYTES, detect_photo_format
from galleryctl.photo.merge import FoundMetadata
from galleryctl.photo.metadata.block import MAX_BLOCK_BYTES, Block, BlockKind, Metadata
from galleryctl.photo.source import ByteSource, MalformedError

_READERS: Mapping[PhotoFormat, Callable[[ByteSource], Iterator[PhotoFacts | Metadata | Block]]] = {
    PhotoFormat.JPEG: read_jpeg,
    PhotoFormat.PNG: read_png,
    PhotoFormat.GIF: read_gif,
    PhotoFormat.WEBP: read_webp,
    PhotoFormat.TIFF: read_tiff,
    PhotoFormat.HEIC: read_heif,
    PhotoFormat.AVIF: read_heif,
    PhotoFormat.QUICKTIME: read_quicktime,
    PhotoFormat.MP4: read_quicktime,
}
"""The reader of each container: it yields facts of the container itself, and metadata blocks."""


def read_photo(file: BinaryIO) -> PhotoFacts:
    """Return what a photo or a video says of itself; nothing for a file of another format.

    XMP comes before IPTC, and IPTC before EXIF. What cannot be read is listed in `problems`. Only an error of the file
    itself is raised, as OSError.
    """
    source = ByteSource(file)
    format_ = detect_photo_format(source.read_up_to(0, HEADER_BYTES))
    if format_ is None:
        return NO_FACTS
    found = FoundMetadata()
    try:
        for part in _READERS[format_](source):
            found.add(part)
    except MalformedError as error:
        found.add_problem(error)
    return found.merge(format_)


def read_xmp_sidecar(file: BinaryIO) -> PhotoFacts:
    """Return what an .xmp file says. What cannot be read is listed in `problems`; raises OSError as `read_photo`."""
    found = FoundMetadata()
    found.add(Block(BlockKind.XMP, file.read(MAX_BLOCK_BYTES + 1)))
    return found.merge(None)
