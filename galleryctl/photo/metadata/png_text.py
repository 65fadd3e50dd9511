"""Reads the text chunks of PNG: title, description and creation time."""

from __future__ import annotations

import re

from galleryctl.photo.facts import Captions, CaptureTime
from galleryctl.photo.metadata.block import NO_METADATA, Metadata
from galleryctl.photo.metadata.dates import parse_date
from galleryctl.photo.metadata.text import clean_caption

_MAIL_DATE = re.compile(
    r"(?P<day>[0-9]{1,2}) (?P<month>[A-Za-z]{3}) (?P<year>[0-9]{4})"
    r" (?P<time>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?) ?(?P<zone>GMT|[-+][0-9]{4})?"
)
_MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec"


def read_png_text(data: bytes) -> Metadata:
    """Return what a text chunk says: its keyword, a NUL, and the text in UTF-8."""
    keyword, _, raw = data.partition(b"\0")
    text = clean_caption(raw.decode("utf-8", "replace"))
    if keyword == b"Title":
        return Metadata(captions=Captions(title=text))
    if keyword == b"Description":
        return Metadata(captions=Captions(description=text))
    if keyword == b"Creation Time":
        return Metadata(created=parse_date(text) or _parse_mail_date(text))
    return NO_METADATA


def _parse_mail_date(text: str) -> CaptureTime | None:
    """Return the time in a text such as `Mon, 6 May 2024 08:49:37 +0200`, which the PNG specification recommends."""
    found = _MAIL_DATE.search(text)
    month = _MONTHS.find(found["month"].casefold()) if found else -1
    if found is None or month < 0:
        return None
    zone = "Z" if found["zone"] == "GMT" else found["zone"]
    return parse_date(f"{found['year']}-{month // 3 + 1}-{found['day']} {found['time']}{zone or ''}")
