"""Metadata blocks, and what one of them says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from galleryctl.photo.facts import NO_CAPTIONS, Captions, CaptureTime

MAX_BLOCK_BYTES = 4_000_000
"""Limit of one block; parsed XML takes many times as much memory."""


class BlockKind(Enum):
    """The kinds of metadata block."""

    EXIF = auto()
    XMP = auto()
    PHOTOSHOP = auto()
    """Photoshop image resources, one of which is IPTC."""
    IPTC = auto()
    TEXT = auto()
    """A text chunk of a PNG: its keyword, a NUL, and the text in UTF-8."""


class Block(NamedTuple):
    """A metadata block as it is in the file, without the header of its segment, chunk or box."""

    kind: BlockKind
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The metadata in one block.

    `original` is the time at which the photo was taken, `created` that at which it was made digital or written.
    """

    captions: Captions = NO_CAPTIONS
    original: CaptureTime | None = None
    created: CaptureTime | None = None
    rating: float | None = None
    labels: tuple[str, ...] = ()
    has_location: bool = False
    orientation: int = 1
    """The value of EXIF: 1 to 8."""
    problems: tuple[str, ...] = ()
    """Why parts of the block could not be read."""

    def with_fallback(self, base: Metadata) -> Metadata:
        """Return this metadata, with missing parts replaced from `base`."""
        return Metadata(
            captions=self.captions.with_fallback(base.captions),
            original=self.original or base.original,
            created=self.created or base.created,
            rating=base.rating if self.rating is None else self.rating,
            labels=self.labels or base.labels,
            has_location=self.has_location or base.has_location,
            orientation=base.orientation if self.orientation == 1 else self.orientation,
        )


NO_METADATA = Metadata()
