"""Desired resources: the contents of the manifests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from galleryctl.model.address import Address
from galleryctl.model.errors import Problem
from galleryctl.model.fields import Fields
from galleryctl.model.media import HeldFile, Kind, Media
from galleryctl.model.position import SourcePosition
from galleryctl.model.publishing import PublishWindow
from galleryctl.model.tolerated import Toleration


class UnmanagedPolicy(StrEnum):
    """The handling of unmanaged items, set by `unmanaged` in a manifest."""

    KEEP = "keep"
    DELETE = "delete"
    REPORT = "report"


class ItemOrder(StrEnum):
    """The direction in which a site displays the sort orders."""

    ASCENDING = "ascending"
    DESCENDING = "descending"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind:
    """The live gallery of a manifest, by id or unique name; `create` allows galleryctl to create it."""

    id: str | None = None
    name: str | None = None
    create: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class XmpSidecar:
    """The .xmp sidecar of an item's file; `path` is that of the file, and `is_there` False if it has none.

    `fields` are those that a sidecar may set otherwise than the manifest has them now, and `orders` is True if its date
    would decide the place of the item.
    """

    path: str
    is_there: bool
    fields: frozenset[str]
    orders: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredItem:
    """An item of a manifest. `fields` holds only what the manifest sets, in canonical form.

    The source of `unknown` fields cannot be read: a new item gets what `fields` has of them, a live one keeps them.
    An item that is `held` has no media: it is declared, so that it is not deleted, but neither created nor changed.
    """

    address: Address
    kind: Kind
    media: Media
    fields: Fields
    at: SourcePosition
    protect: bool = False
    ignore: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()
    field_positions: Mapping[str, SourcePosition] = field(default_factory=dict, compare=False)
    held: HeldFile | None = None
    """The file of the item if it cannot be used now, or if it cannot be told if the manifest selects it."""
    keeps_place: bool = False
    """True if the item stays where the site has it, because what decides its place cannot be read."""
    publish: PublishWindow | None = None
    """The time in which the item is declared; None for always."""
    xmp: XmpSidecar | None = field(default=None, compare=False)
    """None if no .xmp sidecar is read for the item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredGallery:
    """A gallery manifest; the order of `items` is the display order.

    `adopt` assigns live items to entries: item address -> live id, for the site that is planned. `removed` has the items
    whose management ends without deleting them, `foreign` the ids of live items that belong to somebody else.
    `unselected` are held items of files that `where` does not select and that have no .xmp sidecar: they count if they
    had one at the last apply.
    """

    address: Address
    bind: Bind
    fields: Fields
    items: tuple[DesiredItem, ...]
    at: SourcePosition
    protect: bool = True
    unmanaged: UnmanagedPolicy = UnmanagedPolicy.KEEP
    adopt: Mapping[Address, str] = field(default_factory=dict)
    removed: frozenset[Address] = frozenset()
    foreign: frozenset[str] = frozenset()
    adopt_positions: Mapping[Address, SourcePosition] = field(default_factory=dict, compare=False)
    unselected: tuple[DesiredItem, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A `moved` entry: the resource that state has as `source` is now `target`."""

    source: Address
    target: Address
    at: SourcePosition


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of a workspace; `max_delete_percent` is of all managed resources."""

    max_delete_percent: float = 30
    max_requests_per_minute: int = 200
    concurrency: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """An `approvals` entry: consent to the one plan with this digest and this number of deletes."""

    digest: str
    deletes: int
    reason: str
    at: SourcePosition


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """The contents of all manifests for one site; `removed` has the galleries whose management ends.

    `tolerated` are the entries of galleryctl.tolerated.yaml for the site. `warnings` are about manifests that are valid,
    and may still not say what their author wants; `notes` say what else to know of them. `located` are the files that
    hold a location and are uploaded with it, because no setting says what is to be done about it.
    """

    galleries: tuple[DesiredGallery, ...]
    moved: tuple[Moved, ...] = ()
    removed: frozenset[Address] = frozenset()
    approvals: tuple[Approval, ...] = ()
    limits: Limits = Limits()
    item_order: ItemOrder = ItemOrder.ASCENDING
    tolerated: tuple[Toleration, ...] = ()
    warnings: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    located: frozenset[str] = frozenset()

    @property
    def addresses(self) -> tuple[Address, ...]:
        """The addresses of all galleries, then those of all items."""
        items = (item.address for gallery in self.galleries for item in gallery.items)
        return (*(gallery.address for gallery in self.galleries), *items)

    @property
    def all_removed(self) -> frozenset[Address]:
        """The galleries and items whose management ends."""
        return self.removed.union(*(gallery.removed for gallery in self.galleries))
