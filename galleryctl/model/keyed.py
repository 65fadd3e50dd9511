"""Live resources with their keys in manifests and state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from galleryctl.model.live import LiveGallery, LiveItem


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedGallery:
    """A live gallery, its items in display order; `key` is None if it is unmanaged."""

    gallery: LiveGallery
    key: str | None = None
    item_keys: Mapping[str, str] = field(default_factory=dict)
    """Item id → key, of the managed items."""

    def positions(self) -> Mapping[str, int]:
        """Return item id → position in the display, from 1."""
        return {item.id: position for position, item in enumerate(self.gallery.items or (), 1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedSite:
    """Galleries of a site; `item` if a single item is shown."""

    site_id: str
    galleries: tuple[KeyedGallery, ...]
    item: LiveItem | None = None
