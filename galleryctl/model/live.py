"""What a site has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from galleryctl.model.fields import Fields, Json
from galleryctl.model.media import HostedVideo, Kind, MediaFile, WixFile


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveItem:
    """One item of the site. `raw` is the API's object, whole: what is unknown to us must survive a change."""

    id: str
    kind: Kind
    media: WixFile | HostedVideo | None
    fields: Fields
    sort_order: float | None
    raw: Mapping[str, Json] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveGallery:
    """One gallery of the site. `items` is None when they were not read (the gallery is not managed)."""

    id: str
    fields: Fields
    sort_order: float | None
    total_items: int | None
    """None when the API does not say."""
    items: tuple[LiveItem, ...] | None
    raw: Mapping[str, Json] = field(repr=False)
    unsupported_sort_orders: tuple[float, ...] = ()
    """The sort orders of its items of kinds that this version does not know: taken, though nothing of them is managed."""

    @property
    def loaded_items(self) -> tuple[LiveItem, ...]:
        """The items of a gallery that was read; what was not read must never look like what is not there."""
        if self.items is None:
            raise AssertionError(f"the items of gallery {self.id} were not read")
        return self.items

    @property
    def item_count(self) -> int:
        """How many items it has, those of unknown kinds too, read or only counted."""
        return max(self.total_items or 0, len(self.items or ()))

    @property
    def name(self) -> str:
        """The gallery's name, "" when it has none."""
        name = self.fields.get("name")
        return name if isinstance(name, str) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSnapshot:
    """A site at one moment: every gallery, the items of the managed ones, and the files that were looked up."""

    site_id: str
    galleries: tuple[LiveGallery, ...]
    files: Mapping[str, MediaFile] = field(default_factory=dict)
    """Descriptors by file id, read only where state does not know a live file (see engine.fetch)."""
