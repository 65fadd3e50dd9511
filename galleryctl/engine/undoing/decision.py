"""The changes of an undo in the manifest of one gallery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from galleryctl.engine.rewriting import LeftChange
from galleryctl.model.address import Address
from galleryctl.model.fields import Fields, Json
from galleryctl.plan.history.record import FormerResource, RecordedChange


@dataclass(frozen=True, slots=True, kw_only=True)
class LocatedChange:
    """A change of the run, and the address that its resource has now.

    `by_key` is True if state no longer has its id, as after its item was deleted and created again: then the manifest
    must declare the same content under its key. `is_adopted` is True if that key has an adopted item now, `is_known` is
    False if state has no item under it.
    """

    address: Address
    recorded: RecordedChange
    by_key: bool = False
    is_adopted: bool = False
    is_known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryUndo:
    """The former values of an entry: fields, and the media or, after a change of kind, the whole item."""

    fields: Fields = field(default_factory=dict)
    media: FormerResource | None = None
    replaced: FormerResource | None = None

    @property
    def former(self) -> FormerResource | None:
        """The item whose media the entry shows again, None if its media stays."""
        return self.media or self.replaced


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryUndo:
    """Changes to make in the manifest of one gallery."""

    entries: Mapping[str, EntryUndo] = field(default_factory=dict)
    """By key."""
    removed: frozenset[str] = frozenset()
    """The keys of the items that the run created."""
    back: Mapping[str, FormerResource] = field(default_factory=dict)
    """The items that the run deleted, by key."""
    name: Json = None
    """The former name, None if it stays."""
    order: tuple[str, ...] = ()
    """The keys of all entries in their final order."""
    has_moves: bool = False
    """True if the order of the entries that stay changes."""
    left: tuple[LeftChange, ...] = ()

    @property
    def is_empty(self) -> bool:
        """True if nothing is to be undone."""
        return not (self.entries or self.removed or self.back or self.has_moves) and self.name is None
