"""Live resources: the galleries, items and files of a site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from galleryctl.model.fields import Fields, Json
from galleryctl.model.media import HostedVideo, Kind, MediaFile, WixFile


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveItem:
    """An item of the site. `raw` is the complete API object: members unknown to galleryctl must survive a change."""

    id: str
    kind: Kind
    media: WixFile | HostedVideo | None
    fields: Fields
    sort_order: float | None
    raw: Mapping[str, Json] = field(repr=False)

    @property
    def created(self) -> str:
        """The time of its creation, as the API writes it; "" if it does not."""
        created = self.raw.get("createdDate")
        return created if isinstance(created, str) else ""

    @property
    def updated(self) -> str:
        """The time of the last change, as the API writes it; "" if it does not."""
        updated = self.raw.get("updatedDate")
        return updated if isinstance(updated, str) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveGallery:
    """A gallery of the site. `items` is None if they were not read, because the gallery is not managed."""

    id: str
    fields: Fields
    sort_order: float | None
    total_items: int | None
    """None if the API does not report it."""
    items: tuple[LiveItem, ...] | None
    raw: Mapping[str, Json] = field(repr=False)
    unsupported_sort_orders: tuple[float, ...] = ()
    """The sort orders of items whose kind this version does not support: in use, although the items are unmanaged."""

    @property
    def loaded_items(self) -> tuple[LiveItem, ...]:
        """The items of a gallery that was read. Raises AssertionError otherwise, so that unread never counts as empty."""
        if self.items is None:
            raise AssertionError(f"the items of gallery {self.id} were not read")
        return self.items

    @property
    def item_count(self) -> int:
        """The number of items of all kinds, supported or not, as read or as reported by the API."""
        return max(self.total_items or 0, len(self.items or ()))

    @property
    def name(self) -> str:
        """The gallery's name, "" if it has none."""
        name = self.fields.get("name")
        return name if isinstance(name, str) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSnapshot:
    """All galleries of a site at one time, the items of the managed ones, and the files that were looked up."""

    site_id: str
    galleries: tuple[LiveGallery, ...]
    files: Mapping[str, MediaFile] = field(default_factory=dict)
    """Descriptors by file id, read only for live files that are not in state (see `files_to_look_up`)."""
