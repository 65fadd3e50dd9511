"""Characters that nobody sees, and that change what is seen of others."""

from __future__ import annotations

import unicodedata

_JOINERS = "\u200c\u200d"
"""Format characters that emoji and scripts are written with; all others, such as a change of direction, can deceive."""


def is_hidden(character: str) -> bool:
    """Whether a terminal would obey it or not show it, or no file can hold it."""
    return character not in _JOINERS and unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
