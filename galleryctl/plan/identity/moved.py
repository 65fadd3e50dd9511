"""Apply `moved` entries, and new keys of galleries, to the addresses of existing resources."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired, Moved
from galleryctl.plan.changes import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressMoves:
    """The new address of each existing resource that has one.

    What has no id in state, such as a protected or deposed address, moves with its gallery.
    """

    addresses: Mapping[Address, Address] = field(default_factory=dict)
    """Old address → new address; no two are the same new one."""

    def new_address(self, address: Address) -> Address:
        """Return the new address of a resource, the same one if it did not move."""
        if new := self.addresses.get(address):
            return new
        gallery = self.addresses.get(address.parent)
        return address if gallery is None else Address(gallery.gallery, address.item)

    def renamed(self, state: Bindings) -> Bindings:
        """Return all of `state` under the new addresses.

        A resource that is at the new address of another one gives way to it: it is gone from the site.
        """
        if not self.addresses:
            return state
        movers = {new: old for old, new in self.addresses.items()}
        replaced = {address for address in state.ids if movers.get(self.new_address(address), address) != address}
        return state.without(replaced).renamed(self.new_address)

    def followed_by(self, later: Mapping[Address, Address]) -> AddressMoves:
        """Return these moves, followed by moves of single resources."""
        if not later:
            return self
        replaced = set(later.values()) - later.keys()
        first = {old: later.get(new, new) for old, new in self.addresses.items() if new not in replaced}
        moved_before = set(self.addresses.values())
        rest = {old: new for old, new in later.items() if old not in moved_before}
        return AddressMoves(addresses={**first, **rest})


def apply_moved(desired: Desired, addresses: Iterable[Address]) -> tuple[AddressMoves, tuple[Notice, ...]]:
    """Return the moves of `desired.moved` for the existing addresses, in any order of the entries, and notices.

    An entry whose source does not exist was applied before, and is ignored. Entries stay in manifests after the apply, so
    applying them again must change nothing. That is subtle when an address is reused:

        moved            a → b, b → c      (the manifest declares b and c)
        state            {a: 1, b: 2}   →  {b: 1, c: 2}    b → c is applied first, to free b
        the next plan    {b: 1, c: 2}   →  {b: 1, c: 2}    a is gone, so b is the resource that was a

    An entry may name an item by the former or by the new key of its gallery: after a gallery has moved, the others are
    tried again.

        moved            g/a → g/b, g → h, h/c → h/d
        state            {g/a: 1, g/c: 2}   →  {h/b: 1, h/d: 2}
    """
    if not desired.moved:
        return AddressMoves(), ()
    existing = tuple(addresses)
    moves, applied = AddressMoves(), set[Moved]()
    while True:
        found = _apply_entries(desired, map(moves.new_address, existing), applied)
        moves = moves.followed_by(found.addresses)
        applied |= found.applied
        if not any(moved.source.item is None for moved in found.applied):
            return moves, found.notices


@dataclass(frozen=True, slots=True, kw_only=True)
class _Applied:
    """The addresses that moved, the entries that moved them, and the notices of those that could not be applied."""

    addresses: Mapping[Address, Address]
    applied: frozenset[Moved]
    notices: tuple[Notice, ...]


def _apply_entries(desired: Desired, addresses: Iterable[Address], before: Collection[Moved]) -> _Applied:
    """Apply the entries for items, then those for galleries, without those that were applied `before`."""
    old_by_new = {address: address for address in addresses}
    declared, ended = set(desired.addresses), desired.all_removed
    source_by_target = {moved.target: moved.source for moved in desired.moved}
    # The source is declared again because another entry gives its address to another resource, as b in the example.
    reused = {m for m in desired.moved if {m.source, m.target} <= declared and m.source in source_by_target}
    left = [m for m in desired.moved if not (m in reused and _chain_applied(m, source_by_target, old_by_new))]
    applied: set[Moved] = set()
    blocked: dict[Moved, str] = {}
    for is_gallery in (False, True):
        waiting = [m for m in left if m not in before and (m.source.item is None) is is_gallery]
        while waiting:
            blocked_now: dict[Moved, str] = {}
            for moved in waiting:
                sources = _addresses_to_move(moved, old_by_new)
                if not sources or moved.source == moved.target:
                    continue
                still_declared = moved.source in declared and moved not in reused
                if reason := _blocked_reason(moved, old_by_new, ended, declared=still_declared):
                    blocked_now[moved] = reason
                    continue
                for address in sources:
                    target = moved.target if moved.target.item else Address(moved.target.gallery, address.item)
                    old_by_new[target] = old_by_new.pop(address)
                applied.add(moved)
            if len(blocked_now) == len(waiting):
                blocked |= blocked_now
                break
            waiting = list(blocked_now)
    # A blocked entry whose source is reused was applied before: its source is now the resource that another one moved.
    notices = (
        Notice(address=moved.target, message=f"{moved.at}: not moved from {moved.source}: {reason}")
        for moved, reason in blocked.items()
        if moved not in reused
    )
    moves = {old: new for new, old in old_by_new.items() if old != new}
    return _Applied(addresses=moves, applied=frozenset(applied), notices=tuple(notices))


def infer_moved_galleries(
    moves: AddressMoves, ids: Mapping[Address, str], live: Mapping[Address, str], kept: Collection[Address]
) -> AddressMoves:
    """Return `moves` and those of galleries whose manifests have a new key without a `moved` entry.

    `ids` are those in state under the addresses after `moves`, `live` those of the manifests' galleries, `kept` the
    addresses that manifests declare, or end with `removed`. The bound id or name identifies the gallery:

        state            {old: G, old/a: 1}
        manifest new     bind: {id: G}, and no manifest has the key old
        result           {new: G, new/a: 1}
    """
    orphaned = {id_: address for address, id_ in ids.items() if address.item is None and address not in kept}
    if orphaned.keys().isdisjoint(live.values()):
        return moves
    used_keys = {address.gallery for address in ids}
    new_keys = {
        orphaned[id_].gallery: address.gallery
        for address, id_ in live.items()
        if id_ in orphaned and address.gallery not in used_keys
    }
    return moves.followed_by({a: Address(new_keys[a.gallery], a.item) for a in ids if a.gallery in new_keys})


def _addresses_to_move(moved: Moved, addresses: Mapping[Address, Address]) -> list[Address]:
    if moved.source.item is not None:
        return [moved.source] if moved.source in addresses else []
    return [address for address in addresses if moved.source.covers(address)]


def _chain_applied(moved: Moved, source_by_target: Mapping[Address, Address], addresses: Collection[Address]) -> bool:
    """Return True if the first source of the chain of entries that ends with `moved` does not exist.

    Then the whole chain was applied before. For a → b, b → c, c → d with a gone, {b: 1} is the resource that was a and
    stays b, even if c and d were removed from state since.
    """
    first, seen = moved.source, {moved.source}
    while first in source_by_target and source_by_target[first] not in seen:
        first = source_by_target[first]
        seen.add(first)
    return not any(first.covers(address) for address in addresses)


def _blocked_reason(moved: Moved, addresses: Collection[Address], ended: Collection[Address], *, declared: bool) -> str:
    """Return why the entry cannot be applied now, "" if it can.

    `ended` are the addresses in `removed`; `declared` says if a manifest still has the source.
    """
    if (moved.source.item is None) != (moved.target.item is None):
        return "one is a gallery, the other is an item"
    if moved.source.item is not None and moved.source.gallery != moved.target.gallery:
        return "the API cannot move items between galleries, so the item is created in the new gallery"
    if declared:
        return f"a manifest still declares {moved.source}"
    if moved.source in ended:
        return f"removed: names {moved.source}"
    if moved.target in addresses or (moved.target.item is None and any(map(moved.target.covers, addresses))):
        return f"state has another resource at {moved.target}"
    return ""
