"""What a picture says of itself: title, description, keywords and time of capture, from XMP, IPTC and EXIF."""

from __future__ import annotations

import struct
import unicodedata
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from galleryctl.manifest.xmp import LARGEST, read_xmp

_IMAGE_DESCRIPTION, _EXIF_IFD = 0x010E, 0x8769
_CAPTURED, _FRACTION, _USER_COMMENT = 0x9003, 0x9291, 0x9286
_XP_TITLE, _XP_COMMENT, _XP_KEYWORDS, _XP_SUBJECT = 0x9C9B, 0x9C9C, 0x9C9E, 0x9C9F
_IPTC_CHARSET, _IPTC_NAME, _IPTC_KEYWORDS, _IPTC_CAPTION = (1, 90), (2, 5), (2, 25), (2, 120)
_UTF8_MARK = b"\x1b%G"
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
"""Those of galleries that Pillow reads; its many others are not tried on files from anywhere."""
_COMMENT_CODES = {b"ASCII\0\0\0": "latin-1", b"UNICODE\0": "utf-16", b"\0" * 8: "utf-8"}


class UnreadableCaptionError(Exception):
    """A picture or sidecar whose metadata cannot be read; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Captions:
    """What was found; "" and () where there was nothing. `captured` sorts as text: `2026:05:01 12:00:00.25`."""

    title: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    captured: str = ""

    def over(self, base: Captions) -> Captions:
        """These captions, each that is empty replaced by that of `base`."""
        return Captions(
            title=self.title or base.title,
            description=self.description or base.description,
            tags=self.tags or base.tags,
            captured=self.captured or base.captured,
        )


def read_captions(picture: BinaryIO) -> Captions:
    """The captions in a picture: XMP before IPTC before EXIF. Raises UnreadableCaptionError."""
    from PIL import Image, IptcImagePlugin, UnidentifiedImageError  # noqa: PLC0415 - heavy

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow, about broken or huge pictures; only headers are read
            with Image.open(picture, formats=_FORMATS) as image:
                # not `image.getexif()`: for a PNG without any it would read all the pixels, to look behind them
                exif = _exif(Image.Image.getexif(image))
                iptc = _iptc(IptcImagePlugin.getiptcinfo(image) or {})
                packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    except UnidentifiedImageError:
        return Captions()  # a format that this Pillow does not know, such as HEIC
    except (
        OSError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        SyntaxError,
        RuntimeError,
        struct.error,
    ) as error:
        raise UnreadableCaptionError(str(error) or type(error).__name__) from error
    except Image.DecompressionBombError as error:
        raise UnreadableCaptionError("the picture is too large") from error
    return _xmp(packet).over(iptc).over(exif)


def read_sidecar(packet: BinaryIO) -> Captions:
    """The captions in an .xmp file. Raises UnreadableCaptionError."""
    return _xmp(packet.read(LARGEST + 1))


def _xmp(packet: bytes | str) -> Captions:
    if not packet:
        return Captions()
    try:
        found = read_xmp(packet)
    except ValueError as error:
        raise UnreadableCaptionError(str(error)) from error
    return Captions(
        title=clean(found.title),
        description=clean(found.description),
        tags=_tags(found.subjects),
    )


def _iptc(info: Mapping[Any, Any]) -> Captions:
    utf8 = info.get(_IPTC_CHARSET) == _UTF8_MARK

    def text(value: object) -> str:
        return clean(_decoded(value, utf8=utf8)) if isinstance(value, bytes) else ""

    def first(tag: tuple[int, int]) -> str:
        value = info.get(tag, b"")
        return text(value[0] if isinstance(value, list) and value else value)

    keywords = info.get(_IPTC_KEYWORDS, [])
    words = keywords if isinstance(keywords, list) else [keywords]
    return Captions(
        title=first(_IPTC_NAME), description=first(_IPTC_CAPTION), tags=_tags([text(word) for word in words])
    )


def _exif(exif: Any) -> Captions:
    inner: Mapping[int, Any] = exif.get_ifd(_EXIF_IFD)
    descriptions = (
        _latin(exif.get(_IMAGE_DESCRIPTION)),
        _comment(inner.get(_USER_COMMENT) or exif.get(_USER_COMMENT)),
        _wide(exif.get(_XP_COMMENT)),
        _wide(exif.get(_XP_SUBJECT)),
    )
    captured, fraction = clean(str(inner.get(_CAPTURED) or "")), clean(str(inner.get(_FRACTION) or ""))
    known = captured[:4].isdigit() and captured[:4] != "0000"
    return Captions(
        title=_wide(exif.get(_XP_TITLE)),
        description=next(filter(None, descriptions), ""),
        tags=_tags(_wide(exif.get(_XP_KEYWORDS)).split(";")),
        captured=f"{captured}.{fraction}" if known else "",
    )


def _latin(value: object) -> str:
    """Pillow reads EXIF texts as Latin-1; what people write into them is UTF-8."""
    if not isinstance(value, str):
        return ""
    try:
        return clean(value.encode("latin-1").decode())
    except UnicodeError:
        return clean(value)


def _wide(value: object) -> str:
    """The Windows fields are UTF-16, as bytes or as a tuple of bytes."""
    if isinstance(value, tuple) and all(isinstance(part, int) for part in value):
        value = bytes(part & 0xFF for part in value)
    return clean(value.decode("utf-16-le", "replace")) if isinstance(value, bytes) else ""


def _comment(value: object) -> str:
    if isinstance(value, str):
        return clean(value)
    if not isinstance(value, bytes):
        return ""
    code = _COMMENT_CODES.get(value[:8])
    if code == "utf-16":
        raw = value[8:]
        code = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else _endian(raw)
    return clean(value[8:].decode(code, "replace")) if code else clean(_decoded(value, utf8=False))


def _endian(raw: bytes) -> str:
    """Which half of the characters is zero tells the byte order of western texts."""
    return "utf-16-be" if raw[::2].count(0) > raw[1::2].count(0) else "utf-16-le"


def _decoded(value: bytes, *, utf8: bool) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("utf-8", "replace") if utf8 else value.decode("cp1252", "replace")


def _tags(words: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in map(clean, words) if word))


def clean(text: str) -> str:
    """The text without control characters and without blanks at its ends; line ends are newlines."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in lines if c in "\n\t" or unicodedata.category(c) != "Cc").strip()
