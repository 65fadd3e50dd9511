"""Addresses: the names of resources in plans, state and options."""

from __future__ import annotations

import re
from dataclasses import dataclass

KEY_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
"""The pattern of a key, which is used in addresses, file names and shell commands."""


@dataclass(frozen=True, slots=True)
class Address:
    """`gallery` for a gallery, `gallery/item` for one of its items; a gallery sorts before its items."""

    gallery: str
    item: str | None = None

    @classmethod
    def parse(cls, text: str) -> Address:
        """Parse an address. Raises ValueError if `text` is not valid."""
        gallery, slash, item = text.partition("/")
        if not KEY_PATTERN.match(gallery) or (slash and not KEY_PATTERN.match(item)):
            raise ValueError(f"{text!r} is not a valid address; use GALLERY or GALLERY/ITEM")
        return cls(gallery, item if slash else None)

    @property
    def parent(self) -> Address:
        """The address of the gallery: of this one, or of the one that contains this item."""
        return Address(self.gallery)

    def covers(self, other: Address) -> bool:
        """Return True if `other` is this resource or an item of this gallery."""
        return self.gallery == other.gallery and self.item in (None, other.item)

    def __lt__(self, other: Address) -> bool:
        return (self.gallery, self.item or "") < (other.gallery, other.item or "")

    def __str__(self) -> str:
        return self.gallery if self.item is None else f"{self.gallery}/{self.item}"
