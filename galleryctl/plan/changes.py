"""The plan as a value: comparable, JSON-able, free of closures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from galleryctl.model.address import Address
from galleryctl.model.desired import ItemOrder
from galleryctl.model.fields import Json
from galleryctl.model.media import HostedVideo, Kind, LocalFile, RemoteFile, WixFile


class Action(StrEnum):
    """What a change does to its resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    NO_OP = "no-op"


class MatchedBy(StrEnum):
    """How a live resource was found to be the one that a manifest means."""

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
        """Whether a person should look at the pair before trusting it."""
        return self in (MatchedBy.CONTENT, MatchedBy.TITLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field before and after; `path` is dotted below the field's name where only a part differs."""

    path: str
    before: Json
    after: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happens to one resource.

    `write` holds what is sent, by field name: for create and replace all the named fields, for update the changed ones
    whole. `fields` says the same to people, with the values before. `media` is what the item shall show, when it is
    created, replaced or repointed; `fingerprint` is of the live resource that the plan was made from.
    """

    address: Address
    action: Action
    kind: Kind | None = None
    """None for a gallery."""
    id: str | None = None
    """The live id; None for a create."""
    name: str = ""
    """What people call it: the gallery's name, the item's title or file name."""
    write: Mapping[str, Json] = field(default_factory=dict)
    fields: tuple[FieldChange, ...] = ()
    media: LocalFile | RemoteFile | WixFile | HostedVideo | None = None
    media_before: str | None = None
    """The live file's id or URL, when `media` replaces it."""
    sort_order: float | None = None
    """The value to write, when the resource is created or moved."""
    position: tuple[int, int] | None = None
    """From which place (1 is first, 0 not there) to which, when created or moved; galleries have none."""
    fingerprint: str | None = None
    matched_by: MatchedBy = MatchedBy.NONE
    reason: str = ""
    """Why, when the values do not say it: `no manifest names it any more`, `its kind changes from image to video`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a guard will not let the plan be applied, and the option or edit that allows it."""

    address: Address | None
    why: str
    allow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something to know that is no change: a guess, an unmanaged item, a gallery that no page shows yet."""

    address: Address | None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that an apply needs besides the workspace's files and the live state.

    `ids` and `media` are what state shall know before the first step (pairs found, files recognised); `protected` what
    it shall protect; `forget` what it shall drop (no longer on the site, or renamed).
    """

    site_id: str
    changes: tuple[Change, ...]
    """In the order of the manifests: galleries, each before its items; no no-ops."""
    unchanged: int = 0
    """How many managed resources need nothing."""
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
    """By whom it was saved, as the state room writes it: of the digest of all the rest; "" when it is not signed."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do on the site."""
        return not self.changes

    def count(self, action: Action) -> int:
        """How many changes have this action."""
        return sum(change.action is action for change in self.changes)
