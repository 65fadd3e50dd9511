"""Parses the dates of EXIF, IPTC, XMP and QuickTime."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from galleryctl.photo.facts import CaptureTime

_DATE = re.compile(
    r"\s*(?P<year>[0-9]{4})(?:[-:/.]\s*(?P<month>[0-9]{1,2})(?:[-:/.]\s*(?P<day>[0-9]{1,2}))?)?"
    r"(?:[T\s]+(?P<hour>[0-9]{1,2}):\s*(?P<minute>[0-9]{1,2})(?::\s*(?P<second>[0-9]{1,2}))?(?:[.,](?P<fraction>[0-9]+))?)?"
    r"\s*(?P<offset>Z|[-+][0-9]{2}:?[0-9]{2})?"
)
_OFFSET = re.compile(r"\s*(?:(?P<zulu>Z)|(?P<sign>[-+])(?P<hours>[0-9]{1,2}):?(?P<minutes>[0-9]{2}))")
_MIN_YEAR, _MAX_YEAR = 1000, 9998
"""Years whose dates stay dates in another time zone; programs write 0000 for an unknown date."""
_MAX_OFFSET = timedelta(hours=15)
_QUICKTIME_EPOCH = datetime(1904, 1, 1)  # noqa: DTZ001 - capture times have no zone of their own
_UNIX_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - as above
_SECONDS_BETWEEN = 2_082_844_800


def parse_date(text: str, *, fraction: str = "", offset: str = "") -> CaptureTime | None:
    """Return the time in a text such as `2024:05:01 10:00:00.25+02:00` or `2024-05`, None if it has no valid date.

    `fraction` are the digits of a second and `offset` is the distance from UTC, where the format stores them elsewhere.
    """
    found = _DATE.match(text)
    if found is None or not _MIN_YEAR <= int(found["year"]) <= _MAX_YEAR:
        return None
    digits = re.match(r"\s*([0-9]*)", found["fraction"] or fraction)
    try:
        local = datetime(  # noqa: DTZ001 - the clock of the place
            int(found["year"]),
            int(found["month"] or 0) or 1,
            int(found["day"] or 0) or 1,
            int(found["hour"] or 0),
            int(found["minute"] or 0),
            min(int(found["second"] or 0), 59),
            int((digits[1] if digits else "")[:6].ljust(6, "0")),
        )
    except ValueError:
        return None
    has_time = found["hour"] is not None
    return CaptureTime(local=local, offset=_parse_offset(found["offset"] or offset) if has_time else None)


def parse_iptc_date(date: str, time: str) -> CaptureTime | None:
    """Return the time of IPTC's `CCYYMMDD` and `HHMMSS±HHMM`, None if it has no valid date."""
    found = re.match(r"([0-9]{4})[-:]?([0-9]{2})[-:]?([0-9]{2})", date)
    clock = re.match(r"([0-9]{2}):?([0-9]{2}):?([0-9]{2})(.*)", time)
    day = "-".join(found.groups()) if found else ""
    return parse_date(f"{day} {':'.join(clock.groups()[:3])}{clock[4]}" if clock else day)


def quicktime_date(seconds: int) -> CaptureTime | None:
    """Return the time of a QuickTime header: seconds in UTC since 1904, or since 1970 as some cameras write."""
    if seconds <= 0:
        return None
    epoch = _QUICKTIME_EPOCH if seconds >= _SECONDS_BETWEEN else _UNIX_EPOCH
    try:
        local = epoch + timedelta(seconds=seconds)
    except OverflowError:
        return None
    return CaptureTime(local=local, offset=timedelta(0)) if local.year <= _MAX_YEAR else None


def _parse_offset(text: str) -> timedelta | None:
    found = _OFFSET.match(text)
    if found is None:
        return None
    if found["zulu"]:
        return timedelta(0)
    offset = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"]))
    if offset > _MAX_OFFSET:
        return None
    return -offset if found["sign"] == "-" else offset
