"""Addresses: the names of resources in plans, state and options."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection
from fnmatch import fnmatchcase
from typing import NamedTuple

from galleryctl.model.romanize import romanize

KEY_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
"""The pattern of a key, which is used in addresses, file names and shell commands."""
MAX_KEY_LENGTH = 100
_DIGEST_LENGTH = 8
_INVALID_CHARACTERS = re.compile(r"[^A-Za-z0-9._-]+")

_WILDCARD = re.compile(r"[*?\[]")
_KEY_OR_GLOB = re.compile(rf"{KEY_PATTERN.pattern}|(?=.*{_WILDCARD.pattern})[A-Za-z0-9._*?\[\]!-]+\Z")


class Address(NamedTuple):
    """`gallery` for a gallery, `gallery/item` for one of its items; a gallery sorts before its items.

    As an argument of an option, both parts can be patterns, such as `we*` or `*/hero`: see `matching`. It is a tuple,
    because it is the key of most mappings, and a tuple is hashed several times as fast as a dataclass.
    """

    gallery: str
    item: str | None = None

    @classmethod
    def parse(cls, text: str) -> Address:
        """Parse an address. Raises ValueError if `text` is not valid."""
        return cls._parse(text, KEY_PATTERN)

    @classmethod
    def parse_pattern(cls, text: str) -> Address:
        """Parse an address with `*`, `?` or `[…]` in its parts. Raises ValueError if `text` is not valid."""
        return cls._parse(text, _KEY_OR_GLOB)

    @classmethod
    def _parse(cls, text: str, valid: re.Pattern[str]) -> Address:
        gallery, slash, item = text.partition("/")
        if not valid.match(gallery) or (slash and not valid.match(item)):
            raise ValueError(f"{text!r} is not a valid address; use GALLERY or GALLERY/ITEM")
        return cls(gallery, item if slash else None)

    def matching(self, addresses: Collection[Address]) -> tuple[Address, ...]:
        """Return those of `addresses` that this address or pattern matches, sorted.

        Each part matches on its own: `*` matches all galleries, `*/*` all items, `party/*` the items of one gallery.
        """
        if self in addresses or not _WILDCARD.search(str(self)):
            return (self,) if self in addresses else ()
        galleries = (address for address in addresses if fnmatchcase(address.gallery, self.gallery))
        if self.item is None:
            return tuple(sorted(address for address in galleries if address.item is None))
        return tuple(sorted(address for address in galleries if address.item and fnmatchcase(address.item, self.item)))

    @property
    def parent(self) -> Address:
        """The address of the gallery: of this one, or of the one that contains this item."""
        return Address(self.gallery)

    def covers(self, other: Address) -> bool:
        """Return True if `other` is this resource or an item of this gallery."""
        return self.gallery == other.gallery and self.item in (None, other.item)

    def __lt__(self, other: Address) -> bool:  # type: ignore[override]  # addresses are compared with addresses only
        return (self.gallery, self.item or "") < (other.gallery, other.item or "")

    def __str__(self) -> str:
        return self.gallery if self.item is None else f"{self.gallery}/{self.item}"


def key_from_text(text: str) -> str:
    """Return `text` as a valid key (`KEY_PATTERN`), case preserved; "" if it has no letters or digits.

    Text of any script has a key. One that is too long ends with a digest, so that long texts with the same beginning have
    different keys.
    """
    key = _as_key(romanize(text))
    if len(key) <= MAX_KEY_LENGTH:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()[:_DIGEST_LENGTH]
    return f"{key[: MAX_KEY_LENGTH - 1 - _DIGEST_LENGTH].rstrip('._-')}-{digest}"


def former_key_from_text(text: str) -> str:
    """Return the key of `text` by the rule of older versions, which left out every letter that is not Latin."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return _as_key(plain)[:MAX_KEY_LENGTH].rstrip("._-")


def _as_key(plain: str) -> str:
    return re.sub(r"-{2,}", "-", _INVALID_CHARACTERS.sub("-", plain)).strip("._-")
