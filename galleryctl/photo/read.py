"""Reads what a photo or a video says of itself, from the headers of its file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import BinaryIO

from galleryctl.photo.containers.gif import read_gif
from galleryctl.photo.containers.heif import read_heif
from galleryctl.photo.containers.jpeg import read_jpeg
from galleryctl.photo.containers.png import read_png
from galleryctl.photo.containers.quicktime import read_quicktime
from galleryctl.photo.containers.tiff import read_tiff
from galleryctl.photo.containers.webp import read_webp
from galleryctl.photo.facts import NO_CAPTIONS, NO_FACTS, PhotoFacts, PhotoFormat
from galleryctl.photo.formats import HEADER_BYTES, detect_format
from galleryctl.photo.metadata.block import MAX_BLOCK_BYTES, NO_METADATA, Block, BlockKind, Metadata
from galleryctl.photo.metadata.camera_defaults import without_camera_defaults
from galleryctl.photo.metadata.exif import read_exif
from galleryctl.photo.metadata.iptc import photoshop_blocks, read_iptc
from galleryctl.photo.metadata.png_text import read_png_text
from galleryctl.photo.metadata.xmp import read_xmp
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
_PARSERS: Mapping[BlockKind, Callable[[bytes], Metadata]] = {
    BlockKind.XMP: read_xmp,
    BlockKind.IPTC: read_iptc,
    BlockKind.EXIF: read_exif,
    BlockKind.TEXT: read_png_text,
}
# The rotation and the mirroring of each orientation of EXIF.
_ORIENTATIONS = ((0, False), (0, True), (180, False), (180, True), (270, True), (90, False), (90, True), (270, False))
_WITH_OWN_ROTATION = frozenset((PhotoFormat.HEIC, PhotoFormat.AVIF, PhotoFormat.QUICKTIME, PhotoFormat.MP4))


def read_photo(file: BinaryIO) -> PhotoFacts:
    """Return what a photo or a video says of itself; nothing for a file of another format.

    XMP comes before IPTC, and IPTC before EXIF. What cannot be read is listed in `problems`. Only an error of the file
    itself is raised, as OSError.
    """
    source = ByteSource(file)
    format_ = detect_format(source.read_up_to(0, HEADER_BYTES))
    if format_ is None:
        return NO_FACTS
    found = _Collection()
    try:
        for part in _READERS[format_](source):
            found.add(part)
    except MalformedError as error:
        found.problems.append(str(error))
    return found.merge(format_)


def read_xmp_sidecar(file: BinaryIO) -> PhotoFacts:
    """Return what an .xmp file says. What cannot be read is listed in `problems`; raises OSError as `read_photo`."""
    found = _Collection()
    found.add(Block(BlockKind.XMP, file.read(MAX_BLOCK_BYTES + 1)))
    return found.merge(None)


class _Collection:
    """What was found in a file, by the kind of its source."""

    def __init__(self) -> None:
        self.container = NO_FACTS
        self.problems: list[str] = []
        self._metadata: dict[BlockKind, Metadata] = {}

    def add(self, found: PhotoFacts | Metadata | Block) -> None:
        """Add what the reader of a container yields. Of several blocks of a kind, the first ones count."""
        if isinstance(found, PhotoFacts):
            self.container = self.container.with_fallback(found)
        elif isinstance(found, Metadata):
            self._add_metadata(BlockKind.TEXT, found)
        elif found.kind is BlockKind.PHOTOSHOP:
            try:
                for block in photoshop_blocks(found.data):
                    self.add(block)
            except MalformedError as error:
                self.problems.append(f"IPTC: {error}")
        else:
            try:
                self._add_metadata(found.kind, _PARSERS[found.kind](found.data))
            except MalformedError as error:
                self.problems.append(f"{found.kind.name}: {error}")

    def _add_metadata(self, kind: BlockKind, found: Metadata) -> None:
        self.problems += [f"{kind.name}: {problem}" for problem in found.problems]
        earlier = self._metadata.get(kind)
        self._metadata[kind] = found if earlier is None else earlier.with_fallback(found)

    def merge(self, format_: PhotoFormat | None) -> PhotoFacts:
        """Return the facts of all sources, the first source of each fact counting."""
        xmp, iptc, exif, other = (
            self._metadata.get(kind, NO_METADATA)
            for kind in (BlockKind.XMP, BlockKind.IPTC, BlockKind.EXIF, BlockKind.TEXT)
        )
        captions = NO_CAPTIONS
        for source in (xmp, iptc, exif, other):
            captions = captions.with_fallback(without_camera_defaults(source.captions))
        dates = (
            *(exif.original, other.original, xmp.original, iptc.original),
            *(exif.created, xmp.created, iptc.created, other.created),
        )
        rotation, mirrored = self.container.rotation, self.container.mirrored
        if format_ not in _WITH_OWN_ROTATION:
            rotation, mirrored = _ORIENTATIONS[exif.orientation - 1]
        return replace(
            self.container,
            format=format_,
            rotation=rotation,
            mirrored=mirrored,
            captions=captions,
            captured=next(filter(None, dates), None),
            rating=exif.rating if xmp.rating is None else xmp.rating,
            labels=xmp.labels,
            has_location=any(source.has_location for source in (xmp, iptc, exif, other)),
            problems=(*self.container.problems, *self.problems),
        )
