"""Reads title, description, keywords and capture time of an image from XMP, IPTC and EXIF."""

from __future__ import annotations

import struct
import unicodedata
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from galleryctl.manifest.xmp import MAX_XMP_BYTES, read_xmp

_IMAGE_DESCRIPTION, _EXIF_IFD = 0x010E, 0x8769
_CAPTURED, _FRACTION, _USER_COMMENT = 0x9003, 0x9291, 0x9286
_XP_TITLE, _XP_COMMENT, _XP_KEYWORDS, _XP_SUBJECT = 0x9C9B, 0x9C9C, 0x9C9E, 0x9C9F
_IPTC_CHARSET, _IPTC_NAME, _IPTC_KEYWORDS, _IPTC_CAPTION = (1, 90), (2, 5), (2, 25), (2, 120)
_UTF8_CHARSET = b"\x1b%G"
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
"""The formats of galleries that Pillow reads; its other parsers are kept away from untrusted files."""
_COMMENT_CODES = {b"ASCII\0\0\0": "latin-1", b"UNICODE\0": "utf-16", b"\0" * 8: "utf-8"}


class UnreadableCaptionError(Exception):
    """An image or sidecar whose metadata cannot be read; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Captions:
    """The metadata found, else "" and (). `captured` sorts as a string: `2026:05:01 12:00:00.25`."""

    title: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    captured: str = ""

    def with_fallback(self, base: Captions) -> Captions:
        """Return these captions, with empty ones replaced from `base`."""
        return Captions(
            title=self.title or base.title,
            description=self.description or base.description,
            tags=self.tags or base.tags,
            captured=self.captured or base.captured,
        )


def read_captions(image_file: BinaryIO) -> Captions:
    """Return the captions in an image: XMP before IPTC before EXIF. Raises UnreadableCaptionError."""
    from PIL import Image, IptcImagePlugin, UnidentifiedImageError  # noqa: PLC0415 - heavy

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns about broken or huge images; only headers are read
            with Image.open(image_file, formats=_FORMATS) as image:
                # not `image.getexif()`: for a PNG without EXIF it reads all pixels, to find data after them
                exif = _captions_from_exif(Image.Image.getexif(image))
                iptc = _captions_from_iptc(IptcImagePlugin.getiptcinfo(image) or {})
                packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    except UnidentifiedImageError:
        return Captions()  # a format that Pillow does not support, such as HEIC
    except (OSError, ValueError, TypeError, LookupError, SyntaxError, RuntimeError, struct.error) as error:
        raise UnreadableCaptionError(str(error) or type(error).__name__) from error
    except Image.DecompressionBombError as error:
        raise UnreadableCaptionError("the image is too large") from error
    return _captions_from_xmp(packet).with_fallback(iptc).with_fallback(exif)


def read_xmp_sidecar(packet: BinaryIO) -> Captions:
    """Return the captions in an .xmp file. Raises UnreadableCaptionError."""
    return _captions_from_xmp(packet.read(MAX_XMP_BYTES + 1))


def _captions_from_xmp(packet: bytes | str) -> Captions:
    if not packet:
        return Captions()
    try:
        xmp = read_xmp(packet)
    except ValueError as error:
        raise UnreadableCaptionError(str(error)) from error
    title, description = clean_caption(xmp.title), clean_caption(xmp.description)
    return Captions(title=title, description=description, tags=_unique_tags(xmp.subjects))


def _captions_from_iptc(info: Mapping[Any, Any]) -> Captions:
    utf8 = info.get(_IPTC_CHARSET) == _UTF8_CHARSET

    def text(value: object) -> str:
        return clean_caption(_decode_bytes(value, utf8=utf8)) if isinstance(value, bytes) else ""

    def first(tag: tuple[int, int]) -> str:
        value = info.get(tag, b"")
        return text(value[0] if isinstance(value, list) and value else value)

    keywords = info.get(_IPTC_KEYWORDS, [])
    words = keywords if isinstance(keywords, list) else [keywords]
    return Captions(
        title=first(_IPTC_NAME), description=first(_IPTC_CAPTION), tags=_unique_tags([text(word) for word in words])
    )


def _captions_from_exif(exif: Any) -> Captions:
    inner: Mapping[int, Any] = exif.get_ifd(_EXIF_IFD)
    descriptions = (
        _exif_text(exif.get(_IMAGE_DESCRIPTION)),
        _user_comment(inner.get(_USER_COMMENT) or exif.get(_USER_COMMENT)),
        _utf16_text(exif.get(_XP_COMMENT)),
        _utf16_text(exif.get(_XP_SUBJECT)),
    )
    captured, fraction = clean_caption(str(inner.get(_CAPTURED) or "")), clean_caption(str(inner.get(_FRACTION) or ""))
    has_year = captured[:4].isdigit() and captured[:4] != "0000"
    return Captions(
        title=_utf16_text(exif.get(_XP_TITLE)),
        description=next(filter(None, descriptions), ""),
        tags=_unique_tags(_utf16_text(exif.get(_XP_KEYWORDS)).split(";")),
        captured=f"{captured}.{fraction}" if has_year else "",
    )


def _exif_text(value: object) -> str:
    """Return an EXIF string: Pillow decodes it as Latin-1, but programs write UTF-8."""
    if not isinstance(value, str):
        return ""
    try:
        return clean_caption(value.encode("latin-1").decode())
    except UnicodeError:
        return clean_caption(value)


def _utf16_text(value: object) -> str:
    """Return a Windows field, which is UTF-16 as bytes or as a tuple of bytes."""
    if isinstance(value, tuple) and all(isinstance(part, int) for part in value):
        value = bytes(part & 0xFF for part in value)
    return clean_caption(value.decode("utf-16-le", "replace")) if isinstance(value, bytes) else ""


def _user_comment(value: object) -> str:
    if isinstance(value, str):
        return clean_caption(value)
    if not isinstance(value, bytes):
        return ""
    code = _COMMENT_CODES.get(value[:8])
    if code == "utf-16":
        raw = value[8:]
        code = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else _guess_utf16_codec(raw)
    return clean_caption(value[8:].decode(code, "replace")) if code else clean_caption(_decode_bytes(value, utf8=False))


def _guess_utf16_codec(raw: bytes) -> str:
    """Guess the byte order: the high bytes of western text are zero."""
    return "utf-16-be" if raw[::2].count(0) > raw[1::2].count(0) else "utf-16-le"


def _decode_bytes(value: bytes, *, utf8: bool) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("utf-8", "replace") if utf8 else value.decode("cp1252", "replace")


def _unique_tags(words: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in map(clean_caption, words) if word))


def clean_caption(text: str) -> str:
    """Return the text without control characters and outer whitespace, and with unified line breaks."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in lines if c in "\n\t" or unicodedata.category(c) != "Cc").strip()
