"""Keys made from file names, titles and URLs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

_LONGEST = 100
_OTHER = re.compile(r"[^A-Za-z0-9._-]+")


def key_from(text: str) -> str:
    """`text` as an address key (model.address.KEY), case kept; "" when nothing of it is left."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()
    key = re.sub(r"-{2,}", "-", _OTHER.sub("-", plain))
    return key.lstrip("._-")[:_LONGEST].rstrip("._-")


def slug(title: str) -> str:
    """A title as a key: in lower case, without dots."""
    return key_from(title.lower().replace(".", " "))


def unique(key: str, taken: Container[str]) -> str:
    """`key`, or `key-2`, `key-3` … when it is taken."""
    candidate, number = key, 1
    while candidate in taken:
        number += 1
        ending = f"-{number}"
        candidate = key[: _LONGEST - len(ending)] + ending
    return candidate
