"""Merges what the metadata blocks of a file say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from galleryctl.photo.facts import CAPTION_NAMES, NO_FACTS, Captions, PhotoFacts, PhotoFormat
from galleryctl.photo.metadata.block import NO_METADATA, Block, BlockKind, Metadata
from galleryctl.photo.metadata.camera_defaults import without_camera_defaults
from galleryctl.photo.metadata.exif import read_exif
from galleryctl.photo.metadata.iptc import photoshop_blocks, read_iptc
from galleryctl.photo.metadata.png_text import read_png_text
from galleryctl.photo.metadata.xmp import read_xmp
from galleryctl.photo.source import MalformedError

_PARSERS: Mapping[BlockKind, Callable[[bytes], Metadata]] = {
    BlockKind.XMP: read_xmp,
    BlockKind.IPTC: read_iptc,
    BlockKind.EXIF: read_exif,
    BlockKind.TEXT: read_png_text,
}
_RANKS = (BlockKind.XMP, BlockKind.IPTC, BlockKind.EXIF, BlockKind.TEXT)
_DATE_RANKS = (BlockKind.EXIF, BlockKind.TEXT, BlockKind.XMP, BlockKind.IPTC)
_SOURCES: Mapping[str, tuple[BlockKind, ...]] = {
    "tags": (BlockKind.XMP, BlockKind.IPTC, BlockKind.EXIF),
    "alt_text": (BlockKind.XMP,),
    "rating": (BlockKind.XMP, BlockKind.EXIF),
    "labels": (BlockKind.XMP,),
}
"""The sources of what not all of them can say."""
_MAX_BLOCKS = 20
"""Blocks of one kind that are parsed: real files have up to three, and a PNG a text chunk for each keyword."""
# The rotation and the mirroring of each orientation of EXIF.
_ORIENTATIONS = ((0, False), (0, True), (180, False), (180, True), (270, True), (90, False), (90, True), (270, False))
_WITH_OWN_ROTATION = frozenset((PhotoFormat.HEIC, PhotoFormat.AVIF, PhotoFormat.QUICKTIME, PhotoFormat.MP4))


class FoundMetadata:
    """The metadata of a file, by the kind of its source."""

    def __init__(self) -> None:
        self._container = NO_FACTS
        self._problems: list[str] = []
        self._damaged: set[BlockKind] = set()
        self._metadata: dict[BlockKind, Metadata] = {}
        self._blocks: Counter[BlockKind] = Counter()

    def add(self, found: PhotoFacts | Metadata | Block) -> None:
        """Add what the reader of a container yields. Of several blocks of a kind, the first ones count."""
        if isinstance(found, PhotoFacts):
            self._container = self._container.with_fallback(found)
        elif isinstance(found, Metadata):
            self._add_metadata(BlockKind.TEXT, found)
        elif self._blocks[found.kind] < _MAX_BLOCKS:
            self._blocks[found.kind] += 1
            self._add_block(found)

    def _add_block(self, block: Block) -> None:
        try:
            if block.kind is BlockKind.PHOTOSHOP:
                for inner in photoshop_blocks(block.data):
                    self.add(inner)
            else:
                self._add_metadata(block.kind, _PARSERS[block.kind](block.data))
        except MalformedError as error:
            kind = BlockKind.IPTC if block.kind is BlockKind.PHOTOSHOP else block.kind
            self._add_problem(kind, error)

    def add_problem(self, error: MalformedError) -> None:
        """Add that the container could not be read to its end."""
        self._container = replace(self._container, problems=(*self._container.problems, str(error)))

    def _add_problem(self, kind: BlockKind, problem: object) -> None:
        self._damaged.add(kind)
        self._problems.append(f"{kind.name}: {problem}")

    def _add_metadata(self, kind: BlockKind, found: Metadata) -> None:
        for problem in found.problems:
            self._add_problem(kind, problem)
        found = replace(found, captions=without_camera_defaults(found.captions))
        earlier = self._metadata.get(kind)
        self._metadata[kind] = found if earlier is None else earlier.with_fallback(found)

    def merge(self, format_: PhotoFormat | None) -> PhotoFacts:
        """Return the facts of all sources, the first source of each fact counting."""
        if self._container.problems:  # a block of a kind that was not found may be in what was not read
            self._damaged |= set(_RANKS) - self._metadata.keys()
        values = {
            name: self._first((kind, getattr(self._of(kind).captions, name)) for kind in _SOURCES.get(name, _RANKS))
            for name in CAPTION_NAMES
        }
        for name in ("rating", "labels"):
            values[name] = self._first((kind, getattr(self._of(kind), name)) for kind in _SOURCES[name])
        dates = ("original", "created")
        values["captured"] = self._first(
            (kind, getattr(self._of(kind), date)) for date in dates for kind in _DATE_RANKS
        )
        rotation, mirrored = self._container.rotation, self._container.mirrored
        if format_ not in _WITH_OWN_ROTATION:
            rotation, mirrored = _ORIENTATIONS[self._of(BlockKind.EXIF).orientation - 1]
        return PhotoFacts(
            format=format_,
            width=self._container.width,
            height=self._container.height,
            rotation=rotation,
            mirrored=mirrored,
            captions=Captions(**{name: values[name][0] for name in CAPTION_NAMES if values[name][0]}),
            captured=values["captured"][0],
            rating=values["rating"][0],
            labels=values["labels"][0] or (),
            has_location=any(found.has_location for found in self._metadata.values()),
            problems=(*self._container.problems, *self._problems),
            unknown=frozenset(name for name, (_, certain) in values.items() if not certain),
        )

    def _of(self, kind: BlockKind) -> Metadata:
        return self._metadata.get(kind, NO_METADATA)

    def _first(self, candidates: Iterable[tuple[BlockKind, Any]]) -> tuple[Any, bool]:
        """Return the first value, and False if a damaged source before it may have another."""
        certain = True
        for kind, value in candidates:
            if value not in (None, "", ()):
                return value, certain
            certain = certain and kind not in self._damaged
        return None, certain
