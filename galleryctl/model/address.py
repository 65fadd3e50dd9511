"""Addresses: how plans, state and people name a resource."""

from __future__ import annotations

import re
from dataclasses import dataclass

KEY_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
"""What a key may be: it stands in addresses, file names and shell commands."""


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """`gallery` for a gallery, `gallery/item` for one of its items."""

    gallery: str
    item: str | None = None

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address that `text` writes; ValueError when it is none."""
        gallery, slash, item = text.partition("/")
        if not KEY_PATTERN.match(gallery) or (slash and not KEY_PATTERN.match(item)):
            raise ValueError(f"{text!r} is no address; write GALLERY or GALLERY/ITEM")
        return cls(gallery, item if slash else None)

    @property
    def parent(self) -> Address:
        """The address of the gallery this is or lies in."""
        return Address(self.gallery)

    def covers(self, other: Address) -> bool:
        """Whether `--target` of this address means `other` too: itself, or an item of this gallery."""
        return self.gallery == other.gallery and self.item in (None, other.item)

    def __str__(self) -> str:
        """The address as people write it."""
        return self.gallery if self.item is None else f"{self.gallery}/{self.item}"
