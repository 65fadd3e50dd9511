"""What the manifests want."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from galleryctl.model.address import Address
from galleryctl.model.fields import Fields
from galleryctl.model.media import Kind, Media
from galleryctl.model.position import SourcePosition


class UnmanagedPolicy(StrEnum):
    """What to do with live items that no manifest names."""

    KEEP = "keep"
    DELETE = "delete"
    REPORT = "report"


class ItemOrder(StrEnum):
    """Which end of the sort orders a site shows first."""

    ASCENDING = "ascending"
    DESCENDING = "descending"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind:
    """Which live gallery a manifest means: its id, or its unique name; `create` makes it when it is not there."""

    id: str | None = None
    name: str | None = None
    create: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredItem:
    """One item of a manifest. `fields` holds only what the manifest names, canonical."""

    address: Address
    kind: Kind
    media: Media
    fields: Fields
    at: SourcePosition
    protect: bool = False
    ignore: frozenset[str] = frozenset()
    field_positions: Mapping[str, SourcePosition] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredGallery:
    """One gallery manifest; the order of `items` is the order of display."""

    address: Address
    bind: Bind
    fields: Fields
    items: tuple[DesiredItem, ...]
    at: SourcePosition
    protect: bool = True
    unmanaged: UnmanagedPolicy = UnmanagedPolicy.KEEP


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A renamed address: what state knows as `source` is now `target`."""

    source: Address
    target: Address
    at: SourcePosition


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The workspace's limits; requests are counted per minute, deletes in percent of the managed items."""

    max_delete_percent: float = 30
    max_requests_per_minute: int = 200
    concurrency: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """Everything that the manifests of a workspace want of one site."""

    galleries: tuple[DesiredGallery, ...]
    moved: tuple[Moved, ...] = ()
    limits: Limits = Limits()
    item_order: ItemOrder = ItemOrder.ASCENDING
