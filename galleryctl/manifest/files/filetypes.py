"""Detects the media type of a file from its first bytes."""

from __future__ import annotations

import mimetypes
import re

from galleryctl.model.media import Kind
from galleryctl.photo.facts import PhotoFormat
from galleryctl.photo.formats import detect_photo_format

_IMAGE_FORMATS = frozenset(
    (PhotoFormat.JPEG, PhotoFormat.PNG, PhotoFormat.GIF, PhotoFormat.WEBP, PhotoFormat.HEIC, PhotoFormat.AVIF)
)
"""The formats of images that galleries show."""
_VIDEOS = (
    (re.compile(rb"....ftypqt  ", re.DOTALL), "video/quicktime"),
    (re.compile(rb"....ftyp", re.DOTALL), "video/mp4"),
    (re.compile(rb"....(?:moov|mdat|wide|free)", re.DOTALL), "video/quicktime"),
    (re.compile(rb"RIFF....AVI ", re.DOTALL), "video/x-msvideo"),
    (re.compile(rb"\x00\x00\x01[\xb3\xba]"), "video/mpeg"),
    (re.compile(rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11"), "video/x-ms-wmv"),
    (re.compile(rb"FLV\x01"), "video/x-flv"),
    (re.compile(rb"OggS"), "video/ogg"),
)
_EBML = b"\x1a\x45\xdf\xa3"
_WEBM_DOC_TYPE = re.compile(rb"\x42\x82.{1,8}webm", re.DOTALL)
"""The element DocType: its id, its size in up to 8 bytes, its value."""


def detect_mime_type(head: bytes, kind: Kind) -> str | None:
    """Return the media type of an image or a video, by `kind`; None if the file is of another type."""
    found = detect_photo_format(head)
    is_image = found in _IMAGE_FORMATS
    if kind is Kind.IMAGE or is_image:
        return found.value if found is not None and is_image and kind is Kind.IMAGE else None
    if head.startswith(_EBML):
        return "video/webm" if _WEBM_DOC_TYPE.search(head) else "video/x-matroska"
    return next((mime for magic, mime in _VIDEOS if magic.match(head)), None)


def video_mime_type(name: str) -> str | None:
    """Return the media type for the file name of a video; None for other names."""
    guessed, _ = mimetypes.guess_type(name)
    return guessed if guessed and guessed.startswith("video/") else None
