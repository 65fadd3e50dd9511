"""Invisible characters, and characters that change how others are displayed."""

from __future__ import annotations

import unicodedata

_JOINERS = "\u200c\u200d"
"""Format characters that emoji and scripts need; all others, such as a change of direction, can deceive a reader."""


def is_hidden(character: str) -> bool:
    """Return True for control, format, separator and surrogate characters, which must be escaped in output."""
    return character not in _JOINERS and unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
