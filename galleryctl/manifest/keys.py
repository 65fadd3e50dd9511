"""Derives keys from titles, and makes keys unique."""

from __future__ import annotations

from collections.abc import Container

from galleryctl.model.address import MAX_KEY_LENGTH, key_from_text

_SHORT = 40
"""Characters of a key that galleryctl makes of a text."""


def key_from_title(title: str) -> str:
    """Return a title as a short key, in lower case and without dots; a long one ends after a whole word."""
    return short_key(key_from_text(title.lower().replace(".", " ")))


def short_key(key: str) -> str:
    """Return at most _SHORT characters of a key, up to the end of a word if there is one."""
    if len(key) <= _SHORT:
        return key
    words = key[: _SHORT + 1].rpartition("-")[0]
    return (words or key[:_SHORT]).rstrip("._-")


def unique_key(key: str, taken: Container[str]) -> str:
    """Return `key`, or `key-2`, `key-3` … if it is taken."""
    candidate, number = key, 1
    while candidate in taken:
        number += 1
        suffix = f"-{number}"
        candidate = key[: MAX_KEY_LENGTH - len(suffix)] + suffix
    return candidate
