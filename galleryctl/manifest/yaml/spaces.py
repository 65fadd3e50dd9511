"""Characters that look like those of YAML, and are none: other spaces, quotes and colons."""

from __future__ import annotations

import re

SPACES = {
    "\u00a0": "a non-breaking space",
    "\u1680": "an Ogham space",
    **{chr(code): "a wide or narrow space" for code in range(0x2000, 0x200B)},
    "\u200b": "a zero-width space",
    "\u200c": "a zero-width non-joiner",
    "\u200d": "a zero-width joiner",
    "\u2060": "a word joiner",
    "\u202f": "a narrow non-breaking space",
    "\u205f": "a mathematical space",
    "\u3000": "an ideographic space",
    "\ufeff": "a byte order mark",
}
"""Names of the characters that look like a space, or like nothing, and are text for YAML."""
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"
OTHER_SPACES = "".join(SPACES)
SPACE_CLASS = f"[{OTHER_SPACES}]"
SMART_QUOTES = "\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u201b\u00ab\u00bb\u2039\u203a\u300c\u300d\u300e\u300f"
"""Quotes of written languages, which YAML reads as text."""
COLONS = "\uff1a\ufe55\u2236\ua789"
"""Characters that look like a colon."""

_EDGE = re.compile(rf"\A{SPACE_CLASS}|{SPACE_CLASS}\Z")


def space_advice(character: str) -> str:
    """Return what to do about such a space."""
    name = f"{SPACES[character]} (U+{ord(character):04X})"
    return f"remove {name}" if character in _INVISIBLE else f"replace {name} with a plain space"


def edge_space(text: str) -> str:
    """Return the space of this kind that a text begins or ends with, or ""."""
    found = _EDGE.search(text)
    return found[0] if found else ""
