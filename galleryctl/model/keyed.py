"""What a site has, with the keys by which manifests and state know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from galleryctl.model.live import LiveGallery, LiveItem


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedGallery:
    """A live gallery, its items in the order of display; `key` is None when nothing manages it."""

    gallery: LiveGallery
    key: str | None = None
    item_keys: Mapping[str, str] = field(default_factory=dict)
    """Item id → key, of the items that are managed."""

    def positions(self) -> Mapping[str, int]:
        """Item id → place in the display, from 1."""
        return {item.id: place for place, item in enumerate(self.gallery.items or (), 1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedSite:
    """Galleries of a site; only `item`, when one is asked for."""

    site_id: str
    galleries: tuple[KeyedGallery, ...]
    item: LiveItem | None = None
