"""Decodes the UserComment of EXIF, which begins with the name of its character code."""

from __future__ import annotations

from galleryctl.photo.metadata.text import clean_caption, decode_text, is_clean

_CODE_BYTES = 8
_BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def decode_user_comment(data: bytes, *, big_endian: bool) -> str:
    """Return the comment, "" if it is not clean text; `big_endian` is the byte order of the EXIF block.

    Phones keep binary records behind the code `ASCII`, and other programs write no code at all.
    """
    code, rest = data[:_CODE_BYTES].rstrip(b"\0 ").upper(), data[_CODE_BYTES:]
    if code == b"UNICODE":
        text = _decode_unicode(rest, big_endian=big_endian)
    elif code == b"JIS":
        text = _decode_jis(rest)
    elif code in (b"ASCII", b""):
        text = _decode_bytes(rest)
    else:
        text = _decode_bytes(data)
    return text if is_clean(text) else ""


def _decode_bytes(data: bytes) -> str:
    """Return the text up to the first NUL, "" if a binary record is behind it."""
    behind = data.partition(b"\0")[2].strip(b"\0 ")
    return "" if behind and not behind.isascii() else decode_text(data)


def _decode_unicode(data: bytes, *, big_endian: bool) -> str:
    """Return UTF-16 in the byte order of its mark, else of the block, else in the other if that is certain.

    Some programs use one order always. Read in the other order, each of the characters of a western text has a low byte
    of zero, as no text has: "Hi" is U+4800 U+6900.
    """
    order = _BYTE_ORDER_MARKS.get(data[:2])
    if order is None:
        order, other = ("utf-16-be", "utf-16-le") if big_endian else ("utf-16-le", "utf-16-be")
        units = data[: len(data) & ~1].rstrip(b"\0 ")
        low_bytes = units[1::2] if big_endian else units[::2]
        if any(units) and not any(low_bytes):
            order = other
    else:
        data = data[2:]
    try:
        return data[: len(data) & ~1].decode(order).partition("\0")[0]
    except UnicodeDecodeError:
        return ""


def _decode_jis(data: bytes) -> str:
    try:
        return clean_caption(data.rstrip(b"\0 ").decode("iso2022_jp"))
    except UnicodeDecodeError:
        return ""
