"""Derives keys from file names, titles and URLs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

_MAX_LENGTH = 100
_INVALID_CHARACTERS = re.compile(r"[^A-Za-z0-9._-]+")


def key_from_text(text: str) -> str:
    """Return `text` as a valid key (`KEY_PATTERN`), case preserved; "" if no valid characters are left."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()
    key = re.sub(r"-{2,}", "-", _INVALID_CHARACTERS.sub("-", plain))
    return key.lstrip("._-")[:_MAX_LENGTH].rstrip("._-")


def key_from_title(title: str) -> str:
    """Return a title as a key, in lower case and without dots."""
    return key_from_text(title.lower().replace(".", " "))


def unique_key(key: str, taken: Container[str]) -> str:
    """Return `key`, or `key-2`, `key-3` … if it is taken."""
    candidate, number = key, 1
    while candidate in taken:
        number += 1
        suffix = f"-{number}"
        candidate = key[: _MAX_LENGTH - len(suffix)] + suffix
    return candidate
