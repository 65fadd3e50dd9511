"""The facts that a photo or a video says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class PhotoFormat(StrEnum):
    """The formats whose headers are read; the value is the MIME type."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    GIF = "image/gif"
    WEBP = "image/webp"
    HEIC = "image/heic"
    AVIF = "image/avif"
    TIFF = "image/tiff"
    QUICKTIME = "video/quicktime"
    MP4 = "video/mp4"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureTime:
    """The time at which a photo was taken, on the clock of the place.

    `offset` is that clock's distance from UTC, None if the file does not say it. A date without a day or a time, such as
    `2002-07`, begins with the first.
    """

    local: datetime
    offset: timedelta | None = None

    @property
    def utc(self) -> datetime | None:
        """The time in UTC, without a time zone as `local`; None if the offset is unknown."""
        return None if self.offset is None else self.local - self.offset


CAPTION_NAMES = ("title", "description", "tags", "alt_text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Captions:
    """The texts of a photo; "" and () for those that it does not have."""

    title: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    alt_text: str = ""

    def with_fallback(self, base: Captions) -> Captions:
        """Return these captions, with empty ones replaced from `base`."""
        return Captions(
            title=self.title or base.title,
            description=self.description or base.description,
            tags=self.tags or base.tags,
            alt_text=self.alt_text or base.alt_text,
        )


NO_CAPTIONS = Captions()


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoFacts:
    """The metadata of a photo or a video.

    If there are `problems`, a source of metadata could not be read. Then `unknown` are the facts that this source may
    tell otherwise: they are missing here, or come from a lower-ranking source.
    """

    format: PhotoFormat | None = None
    """None for a file of another format, and for a sidecar."""
    width: int = 0
    """Stored columns and rows, before the rotation; 0 if unknown."""
    height: int = 0
    rotation: int = 0
    """Degrees clockwise by which the picture is turned for display: 0, 90, 180 or 270."""
    mirrored: bool = False
    """True if the picture is displayed mirrored, left to right, before it is turned."""
    captions: Captions = NO_CAPTIONS
    captured: CaptureTime | None = None
    rating: float | None = None
    """Stars from 0 to 5, or -1 for "rejected"; None if unrated."""
    labels: tuple[str, ...] = ()
    """Colour labels, such as `Red`, as the program wrote them; darktable allows several."""
    has_location: bool = False
    """True if the file says where it was taken: by coordinates or by the name of a place."""
    has_sidecar: bool = False
    """True if a sidecar is beside the file, whether it can be read or not."""
    problems: tuple[str, ...] = ()
    """Why sources of metadata could not be read."""
    unknown: frozenset[str] = frozenset()
    """Names out of `CAPTION_NAMES`, and `captured`, `rating` and `labels`."""

    @property
    def displayed_size(self) -> tuple[int, int]:
        """The width and height after the rotation."""
        turned = self.rotation in (90, 270)
        return (self.height, self.width) if turned else (self.width, self.height)

    def with_fallback(self, base: PhotoFacts) -> PhotoFacts:
        """Return these facts, with missing ones replaced from `base`, and the problems of both."""
        if base == NO_FACTS:
            return self
        if self == NO_FACTS:
            return base
        return PhotoFacts(
            format=self.format or base.format,
            width=self.width or base.width,
            height=self.height or base.height,
            rotation=self.rotation or base.rotation,
            mirrored=self.mirrored or base.mirrored,
            captions=self.captions.with_fallback(base.captions),
            captured=self.captured or base.captured,
            rating=base.rating if self.rating is None else self.rating,
            labels=self.labels or base.labels,
            has_location=self.has_location or base.has_location,
            has_sidecar=self.has_sidecar or base.has_sidecar,
            problems=(*self.problems, *base.problems),
            unknown=self.unknown | (base.unknown - self._told()),
        )

    def _told(self) -> frozenset[str]:
        """Return the names of the facts that have a value here."""
        names = {name for name in CAPTION_NAMES if getattr(self.captions, name)}
        others = {"captured": self.captured, "rating": self.rating, "labels": self.labels or None}
        return frozenset(names | {name for name, value in others.items() if value is not None})


NO_FACTS = PhotoFacts()
