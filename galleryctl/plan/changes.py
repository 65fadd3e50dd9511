"""The plan as a value that can be compared and written as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from galleryctl.model.address import Address
from galleryctl.model.desired import ItemOrder
from galleryctl.model.fields import Json
from galleryctl.model.media import HostedVideo, Kind, LocalFile, RemoteFile, WixFile


class Action(StrEnum):
    """The action of a change."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    NO_OP = "no-op"


class MatchedBy(StrEnum):
    """The evidence by which a live resource was matched with a manifest entry."""

    STATE = "state"
    JOURNAL = "journal"
    BOUND_ID = "bound id"
    BOUND_NAME = "bound name"
    FILE = "media file"
    CONTENT = "file name and size"
    TITLE = "title and kind"
    NONE = "none"

    @property
    def is_guess(self) -> bool:
        """True for weak evidence: the plan asks the user to verify the match."""
        return self in (MatchedBy.CONTENT, MatchedBy.TITLE)


class Cause(StrEnum):
    """The cause of a difference between the manifest and the site."""

    MANIFEST = "manifest"
    FIRST_MANAGED = "first managed"
    """The manifest names the field for the first time, and the site has another value."""
    CLEARED = "cleared"
    """The manifest no longer names the field, and the value is ours."""
    DRIFT = "drift"
    """The site changed since the last apply."""
    CONFLICT = "conflict"
    """The manifest and the site both changed since the last apply."""
    INTERRUPTED = "interrupted"
    """The answer to the last write was lost, and the site shows another value."""

    @property
    def is_drift(self) -> bool:
        """True if the site has changed, so that `drift` reports it."""
        return self in (Cause.DRIFT, Cause.CONFLICT, Cause.INTERRUPTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """The value of a field before and after; `path` is dotted if only a part of it differs, as in `focal_point.x`."""

    path: str
    before: Json
    after: Json
    cause: Cause = Cause.MANIFEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of one resource.

    `write` holds the values to send, by field name: all desired fields for create and replace, the fields that differ
    for update. `fields` holds the same for display, with the values before. `media` is set if the item is created or
    replaced, or its media changes. `fingerprint` is of the live resource that the plan was made from. `named` are the
    paths of `write` that the manifest names: the leaves of structures, and whole fields. The paths of cleared values are
    not among them.
    """

    address: Address
    action: Action
    kind: Kind | None = None
    """None for a gallery."""
    id: str | None = None
    """The live id; None for a create."""
    name: str = ""
    """The gallery's name, or the item's title or file name."""
    write: Mapping[str, Json] = field(default_factory=dict)
    fields: tuple[FieldChange, ...] = ()
    media: LocalFile | RemoteFile | WixFile | HostedVideo | None = None
    media_before: str | None = None
    """The live file's id or the video's URL, if `media` replaces it."""
    sort_order: float | None = None
    """The value to write, if the resource is created or moved."""
    position: tuple[int, int] | None = None
    """The display positions before and after (from 1; 0 before a create), of items that are created or moved."""
    named: tuple[str, ...] = ()
    cause: Cause = Cause.MANIFEST
    """The cause of a create, a replacement or a delete."""
    media_cause: Cause = Cause.MANIFEST
    position_cause: Cause = Cause.MANIFEST
    changed_at: str = ""
    """The time of the last change on the site, if it is a cause: the API's `updatedDate`."""
    fingerprint: str | None = None
    matched_by: MatchedBy = MatchedBy.NONE
    reason: str = ""
    """An explanation where the values show none, such as "its kind changes from image to video"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The reason why a guard rejects the plan, and the option or edit that allows it."""

    address: Address | None
    why: str
    allow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A remark in a plan that is not a change, such as a guess or an unmanaged item."""

    address: Address | None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The input of an apply, besides the workspace's files and the live site.

    `ids` and `media` are recorded in state before the first step (new matches, recognized files); `protected` replaces
    the protected addresses in state; `forget` is removed from state (moved, or no longer on the site).
    """

    site_id: str
    changes: tuple[Change, ...]
    """In the order of the manifests, each gallery before its items; without no-ops."""
    unchanged: int = 0
    """The number of managed resources without a change."""
    ids: Mapping[Address, str] = field(default_factory=dict)
    media: Mapping[str, str] = field(default_factory=dict)
    protected: frozenset[Address] = frozenset()
    forget: frozenset[Address] = frozenset()
    refusals: tuple[Refusal, ...] = ()
    notices: tuple[Notice, ...] = ()
    item_order: ItemOrder = ItemOrder.ASCENDING
    targets: tuple[Address, ...] = ()
    lineage: str = ""
    serial: int = 0
    """Lineage and serial of the state that the plan was made from."""
    signature: str = ""
    """The signature of the plan's digest (see `engine.signing`), "" if it is not signed."""

    @property
    def is_empty(self) -> bool:
        """True if the plan changes nothing on the site."""
        return not self.changes

    def count(self, action: Action) -> int:
        """Return the number of changes with this action."""
        return sum(change.action is action for change in self.changes)
