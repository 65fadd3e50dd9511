"""Derives keys from titles, and makes keys unique."""

from __future__ import annotations

from collections.abc import Container

from galleryctl.model.address import MAX_KEY_LENGTH, key_from_text


def key_from_title(title: str) -> str:
    """Return a title as a key, in lower case and without dots."""
    return key_from_text(title.lower().replace(".", " "))


def unique_key(key: str, taken: Container[str]) -> str:
    """Return `key`, or `key-2`, `key-3` … if it is taken."""
    candidate, number = key, 1
    while candidate in taken:
        number += 1
        suffix = f"-{number}"
        candidate = key[: MAX_KEY_LENGTH - len(suffix)] + suffix
    return candidate
