"""Decodes and cleans texts of metadata."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

_NOT_CLEAN = frozenset(("Cc", "Cn", "Co", "Cs"))
"""Unicode categories that no text of a person has: control, unassigned, private use, surrogate."""


def decode_text(data: bytes) -> str:
    """Return a text that ends at its first NUL: UTF-8, else Windows-1252."""
    data = data.partition(b"\0")[0]
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def decode_utf16(data: bytes, encoding: str) -> str:
    """Return a UTF-16 text that ends at its first NUL character."""
    return data[: len(data) & ~1].decode(encoding, "replace").partition("\0")[0]


def clean_caption(text: str) -> str:
    """Return the text without control characters, byte order mark and outer whitespace, and with unified line breaks."""
    if text.isprintable():
        return text.strip().removeprefix("\ufeff")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    return "".join(c for c in lines if c in "\n\t" or unicodedata.category(c) != "Cc").strip()


def unique_tags(words: Iterable[str]) -> tuple[str, ...]:
    """Return the cleaned words without blank and repeated ones."""
    return tuple(dict.fromkeys(word for word in map(clean_caption, words) if word))


def is_clean(text: str) -> bool:
    """Return True if the text has no character that shows it to be something else, such as a binary record."""
    return text.isprintable() or all(c in "\n\r\t" or unicodedata.category(c) not in _NOT_CLEAN for c in text)
