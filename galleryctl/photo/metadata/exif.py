"""Reads EXIF: captions, capture time, rating, orientation and location."""

from __future__ import annotations

from galleryctl.photo.containers.tiff import Entry, Tiff
from galleryctl.photo.facts import Captions, CaptureTime
from galleryctl.photo.metadata.block import Metadata
from galleryctl.photo.metadata.camera_defaults import is_camera_default
from galleryctl.photo.metadata.dates import parse_date
from galleryctl.photo.metadata.text import clean_caption, decode_text, decode_utf16, unique_tags
from galleryctl.photo.metadata.user_comment import decode_user_comment
from galleryctl.photo.source import ByteSource, MalformedError

_DESCRIPTION, _ORIENTATION, _RATING, _RATING_PERCENT = 0x010E, 0x0112, 0x4746, 0x4749
_EXIF_DIRECTORY, _GPS_DIRECTORY = 0x8769, 0x8825
_ORIGINAL, _DIGITIZED, _USER_COMMENT = 0x9003, 0x9004, 0x9286
_OFFSET, _OFFSET_ORIGINAL, _OFFSET_DIGITIZED = 0x9010, 0x9011, 0x9012
_FRACTION_ORIGINAL, _FRACTION_DIGITIZED = 0x9291, 0x9292
_XP_TITLE, _XP_COMMENT, _XP_KEYWORDS, _XP_SUBJECT = 0x9C9B, 0x9C9C, 0x9C9E, 0x9C9F
_WANTED = frozenset(
    (
        *(_DESCRIPTION, _ORIENTATION, _RATING, _RATING_PERCENT, _ORIGINAL, _DIGITIZED, _USER_COMMENT),
        *(_OFFSET, _OFFSET_ORIGINAL, _OFFSET_DIGITIZED, _FRACTION_ORIGINAL, _FRACTION_DIGITIZED),
        *(_XP_TITLE, _XP_COMMENT, _XP_KEYWORDS, _XP_SUBJECT, _EXIF_DIRECTORY, _GPS_DIRECTORY),
    )
)
_PLACES = frozenset((0x0002, 0x0004, 0x0014, 0x0016, 0x001C))
"""Latitude and longitude of the camera and of what it looked at, and the name of the area."""
_MAX_VALUE_BYTES = 1_000_000
_PREFIX = b"Exif\0\0"
_MAX_ORIENTATION = 8
_MAX_STARS = 5
_STARS_OF_PERCENT = ((99, 5), (75, 4), (50, 3), (25, 2), (1, 1))


class _Values:
    """The wanted values of the directories; the first one of a tag counts. One that cannot be read is a problem."""

    def __init__(self, tiff: Tiff) -> None:
        self.tiff = tiff
        self.problems: dict[str, None] = {}
        self._entries: dict[int, Entry] = {}

    def add(self, start: int, wanted: frozenset[int] = _WANTED) -> None:
        try:
            for entry in self.tiff.directory(start):
                if entry.tag in wanted:
                    self._entries.setdefault(entry.tag, entry)
        except MalformedError as error:
            self.problems[str(error)] = None

    def number(self, tag: int) -> int:
        entry = self._entries.get(tag)
        try:
            return 0 if entry is None else self.tiff.number(entry)
        except MalformedError as error:
            self.problems[str(error)] = None
            return 0

    def data(self, tag: int) -> bytes:
        entry = self._entries.get(tag)
        try:
            return b"" if entry is None else self.tiff.data(entry, _MAX_VALUE_BYTES)
        except MalformedError as error:
            self.problems[str(error)] = None
            return b""

    def text(self, tag: int) -> str:
        return clean_caption(decode_text(self.data(tag)))

    def windows_text(self, tag: int) -> str:
        return clean_caption(decode_utf16(self.data(tag), "utf-16-le"))

    def user_comment(self) -> str:
        return clean_caption(decode_user_comment(self.data(_USER_COMMENT), big_endian=self.tiff.big_endian))


def read_exif(data: bytes) -> Metadata:
    """Return what an EXIF block says, with or without the prefix that it has in a JPEG. Raises MalformedError."""
    tiff = Tiff(ByteSource(data.removeprefix(_PREFIX)))
    values = _Values(tiff)
    values.add(tiff.first_directory)
    if inner := values.number(_EXIF_DIRECTORY):
        values.add(inner)
    orientation = values.number(_ORIENTATION)
    captions = Captions(
        title=values.windows_text(_XP_TITLE),
        description=_description(values),
        tags=unique_tags(values.windows_text(_XP_KEYWORDS).split(";")),
    )
    return Metadata(
        captions=captions,
        original=_date(values, _ORIGINAL, _FRACTION_ORIGINAL, _OFFSET_ORIGINAL),
        created=_date(values, _DIGITIZED, _FRACTION_DIGITIZED, _OFFSET_DIGITIZED),
        rating=_rating(values),
        has_location=_has_location(values),
        orientation=orientation if 1 <= orientation <= _MAX_ORIENTATION else 1,
        problems=tuple(values.problems),
    )


def _description(values: _Values) -> str:
    """Return the first description that a person wrote."""
    candidates = (
        values.text(_DESCRIPTION),
        values.user_comment(),
        values.windows_text(_XP_COMMENT),
        values.windows_text(_XP_SUBJECT),
    )
    return next((text for text in candidates if text and not is_camera_default(text)), "")


def _date(values: _Values, date: int, fraction: int, offset: int) -> CaptureTime | None:
    return parse_date(
        values.text(date), fraction=values.text(fraction), offset=values.text(offset) or values.text(_OFFSET)
    )


def _rating(values: _Values) -> float | None:
    """Return the stars; Windows also writes percentages of its own for them."""
    if stars := values.number(_RATING):
        return float(stars) if stars <= _MAX_STARS else None
    percent = values.number(_RATING_PERCENT)
    return next((float(stars) for least, stars in _STARS_OF_PERCENT if percent >= least), None)


def _has_location(values: _Values) -> bool:
    """Return True if there are coordinates; without a fix, cameras write zeros or only the version of the directory."""
    start = values.number(_GPS_DIRECTORY)
    if not start:
        return False
    places = _Values(values.tiff)
    places.add(start, _PLACES)
    values.problems.update(places.problems)
    return any(places.data(tag).strip(b"\0 ") for tag in _PLACES)
