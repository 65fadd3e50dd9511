"""Reads the text chunks of PNG: title, description and creation time."""

from __future__ import annotations

from datetime import datetime, timedelta

from galleryctl.photo.facts import Captions, CaptureTime
from galleryctl.photo.metadata.block import NO_METADATA, Metadata
from galleryctl.photo.metadata.dates import parse_date
from galleryctl.photo.metadata.text import clean_caption


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
    from email.utils import parsedate_tz  # noqa: PLC0415 - rarely needed

    found = parsedate_tz(text)
    if found is None:
        return None
    try:
        local = datetime(*found[:6])  # noqa: DTZ001 - the clock of the place
    except ValueError:
        return None
    plain = parse_date(local.isoformat(" "))
    offset = None if found[9] is None else timedelta(seconds=found[9])
    return None if plain is None else CaptureTime(local=plain.local, offset=offset)
