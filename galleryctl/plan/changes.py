"""The plan as a value that can be compared and written as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from galleryctl.model.address import Address
from galleryctl.model.desired import ItemOrder
from galleryctl.model.fields import Json
from galleryctl.model.last_applied import LastApplied
from galleryctl.model.media import HostedVideo, Kind, LocalFile, RemoteFile, WixFile
from galleryctl.model.position import SourcePosition
from galleryctl.model.tolerated import ToleratedDrift, TolerationStatus


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
    ADOPT = "adopt"
    RENAME = "same content"
    FILE = "media file"
    TEXT = "similar text"
    CONTENT = "file name and size"
    TITLE = "title and kind"
    NONE = "none"

    @property
    def is_guess(self) -> bool:
        """True for weak evidence: the plan asks the user to verify the match."""
        return self in (MatchedBy.TEXT, MatchedBy.CONTENT, MatchedBy.TITLE)


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
    paths that the manifest manages, the leaves of structures and whole fields, and `media`; `cleared` those that it no
    longer names.
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
    cleared: tuple[str, ...] = ()
    cause: Cause = Cause.MANIFEST
    """The cause of a create, a replacement or a delete."""
    media_cause: Cause = Cause.MANIFEST
    position_cause: Cause = Cause.MANIFEST
    changed_at: str = ""
    """The time of the last change on the site, if it is a cause: the API's `updatedDate`."""
    fingerprint: str | None = None
    deleted_content: str | None = None
    """The digest of what a person sees of the resource, if it is deleted or replaced; of a gallery, with its items."""
    deleted_items: int = 0
    """The number of items that are deleted with a gallery."""
    matched_by: MatchedBy = MatchedBy.NONE
    reason: str = ""
    """An explanation where the values show none, such as "its kind changes from image to video"."""

    @property
    def causes(self) -> frozenset[Cause]:
        """The causes of all its parts."""
        if self.action is not Action.UPDATE:
            return frozenset({self.cause})
        media = {self.media_cause} if self.media is not None else set()
        position = {self.position_cause} if self.position is not None else set()
        return frozenset({part.cause for part in self.fields} | media | position)

    @property
    def is_move(self) -> bool:
        """True for an update of the position only."""
        return self.action is Action.UPDATE and self.position is not None and not self.fields and self.media is None

    @property
    def is_drift(self) -> bool:
        """True if the site has changed, so that `drift` reports it."""
        return any(cause.is_drift for cause in self.causes)

    @property
    def was_allowed(self) -> bool:
        """True for the delete of a deposed item, which was allowed when its replacement was applied."""
        return self.matched_by is MatchedBy.JOURNAL


class StateAction(StrEnum):
    """A change of the state alone, which a plan shows."""

    ADOPT = "adopt"
    MOVE = "move"
    FORGET = "forget"
    PROTECT = "protect"
    UNPROTECT = "unprotect"
    RELEASE = "release"
    """The state no longer has a base for these fields: the manifest does not name them, and the values are not ours."""
    RECORD = "record"
    """The manifest and the site changed to the same value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    """A change of the state alone: `detail` is the live id, the former address, the fields, or an explanation."""

    address: Address
    action: StateAction
    detail: str = ""


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
class HeldItem:
    """An item that the plan leaves as it is, whatever the site has, because its file cannot be used."""

    address: Address
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtResolution:
    """The manifests' answers about creates of earlier runs whose outcome is unknown, by their addresses in manifests.

    `declared` are these addresses and their galleries, as far as a manifest has them; `moved` are those with another
    address in the journal, old → new. `adopt` has the live id of those that a manifest identifies, `foreign` the live ids
    that a manifest gives to somebody else, or to another of its items.
    """

    declared: frozenset[Address] = frozenset()
    moved: Mapping[Address, Address] = field(default_factory=dict)
    adopt: Mapping[Address, str] = field(default_factory=dict)
    foreign: frozenset[str] = frozenset()


NO_DOUBTS = DoubtResolution()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The input of an apply, besides the workspace's files and the live site.

    Before the first step, all of the state is renamed by `moves`, old address → new address, whatever the targets: the
    other members have new addresses. Then `forget` is removed from it (in `removed`, or no longer on the site), and
    `ids`, `media`, `records` and `released` are recorded (new matches, recognized files, values found equal, keys in
    `removed`); `protected` replaces the protected addresses. `state_changes` are those of these that users must know of.
    """

    site_id: str
    changes: tuple[Change, ...]
    """In the order of the manifests, each gallery before its items; without no-ops."""
    unchanged: int = 0
    """The number of managed resources without a change."""
    moves: Mapping[Address, Address] = field(default_factory=dict)
    ids: Mapping[Address, str] = field(default_factory=dict)
    media: Mapping[str, str] = field(default_factory=dict)
    protected: frozenset[Address] = frozenset()
    forget: frozenset[Address] = frozenset()
    records: Mapping[Address, LastApplied] = field(default_factory=dict)
    released: Mapping[Address, str | None] = field(default_factory=dict)
    state_changes: tuple[StateChange, ...] = ()
    approval: str = ""
    """The review digest of the plan if an approval lifts its limits: recorded in state, where it is used up."""
    unmanaged: int = 0
    """The number of items of managed galleries that are on the site only."""
    undeclared: int = 0
    """The number of managed items with a value that no manifest declares, unless they are as our last write left them."""
    doubt_resolution: DoubtResolution = NO_DOUBTS
    refusals: tuple[Refusal, ...] = ()
    notices: tuple[Notice, ...] = ()
    held: tuple[HeldItem, ...] = ()
    made_at: str = ""
    """The time that decides which items are published, in UTC; "" if none does."""
    tolerated: tuple[ToleratedDrift, ...] = ()
    """The entries about tolerated drift and their effect; what they tolerate is not in `changes`."""
    item_order: ItemOrder = ItemOrder.ASCENDING
    targets: tuple[Address, ...] = ()
    positions: Mapping[Address, SourcePosition] = field(default_factory=dict)
    """Where manifests declare the galleries that the plan covers, and the items that it names; for reports."""
    lineage: str = ""
    serial: int = 0
    """Lineage and serial of the state that the plan was made from."""
    signature: str = ""
    """The signature of the plan's digest (see `engine.signing`), "" if it is not signed."""

    @property
    def is_empty(self) -> bool:
        """True if the plan changes neither the site nor what the state says about it."""
        return not self.changes and not self.state_changes

    @property
    def drift(self) -> tuple[Change, ...]:
        """The changes that the site caused."""
        return tuple(change for change in self.changes if change.is_drift)

    @property
    def tolerated_differences(self) -> int:
        """The number of differences that are tolerated now."""
        return sum(entry.status is TolerationStatus.TOLERATED for entry in self.tolerated)

    @property
    def conflicts(self) -> tuple[Change, ...]:
        """The changes of what both the manifest and the site changed."""
        return tuple(change for change in self.changes if Cause.CONFLICT in change.causes)

    @property
    def deletes(self) -> int:
        """The number of resources that are deleted or replaced, the items of deleted galleries included."""
        removed = (change for change in self.changes if change.action in (Action.DELETE, Action.REPLACE))
        return sum(1 + change.deleted_items for change in removed)

    def count(self, action: Action) -> int:
        """Return the number of changes with this action."""
        return sum(change.action is action for change in self.changes)
