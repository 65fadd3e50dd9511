"""The items of one gallery while they are identified."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import DesiredGallery, DesiredItem
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.plan.changes import MatchedBy, Notice, Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemMatch:
    """The live item of a desired one, and the evidence for it."""

    live: LiveItem
    matched_by: MatchedBy


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownItems:
    """The items of one gallery after those with a known id are matched.

    `items` are all live items in display order. `state` is the part of the state that is about this gallery, without
    `forgotten`. `kept` are the ids that this plan does not delete: foreign ones, and those whose management ends now.
    `superseded` are live items, by id, whose address takes over an adopted item of another kind.
    """

    desired: DesiredGallery
    live: LiveGallery
    items: tuple[LiveItem, ...]
    state: Bindings
    is_new: bool
    matches: Mapping[Address, ItemMatch]
    unmatched: tuple[DesiredItem, ...]
    forgotten: Mapping[Address, str] = field(default_factory=dict)
    """The addresses to remove from state, and why."""
    released: Mapping[Address, str | None] = field(default_factory=dict)
    """The live ids of the addresses whose management `removed` ends, None if unknown."""
    kept: frozenset[str] = frozenset()
    superseded: Mapping[str, Address] = field(default_factory=dict)
    gone_adopted: Mapping[Address, str] = field(default_factory=dict)
    """The ids in `adopt` of unmatched entries that are not on the site, and that state does not know."""
    refusals: tuple[Refusal, ...] = ()
    notices: tuple[Notice, ...] = ()

    def is_incomplete(self, missing: Collection[Address] = ()) -> bool:
        """Return True if the site lacks an item that the manifest declares and state has, except for `missing`."""
        return any(item.address in self.state.ids and item.address not in missing for item in self.unmatched)

    @property
    def unclaimed(self) -> list[LiveItem]:
        """The live items, in display order, that are not matched, not foreign and not still to be deleted."""
        claimed = {match.live.id for match in self.matches.values()}
        claimed.update(self.desired.foreign, self.superseded, self.state.deposed)
        return [item for item in self.items if item.id not in claimed]

    @property
    def to_create(self) -> Iterator[DesiredItem]:
        """The entries that need a new item: those without a live item, and those of another kind than their live item."""
        yield from (item for item in self.unmatched if item.held is None)
        for item in self.desired.items:
            match = self.matches.get(item.address)
            if match is not None and match.live.kind is not item.kind and item.held is None:
                yield item

    def with_matches(self, matches: Mapping[Address, ItemMatch]) -> KnownItems:
        """Return the gallery with these matches of unmatched entries."""
        if not matches:
            return self
        unmatched = tuple(item for item in self.unmatched if item.address not in matches)
        return replace(self, matches={**self.matches, **matches}, unmatched=unmatched)
