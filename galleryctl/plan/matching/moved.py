"""Apply `moved` entries, and new keys of galleries, to the addresses in state."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired, Moved
from galleryctl.plan.changes import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedState:
    """The state under the new addresses, and notices about entries that could not be applied."""

    state: Bindings
    moves: Mapping[Address, Address]
    """Old address → new address."""
    notices: tuple[Notice, ...] = ()


def apply_moved(desired: Desired, state: Bindings) -> MovedState:
    """Return `state` with `desired.moved` applied, in any order of the entries.

    An entry whose source is not in state was applied before, and is ignored. Entries stay in manifests after the apply,
    so applying the result again must change nothing. That is subtle when an address is reused:

        moved            a → b, b → c      (the manifest declares b and c)
        state            {a: 1, b: 2}   →  {b: 1, c: 2}    b → c is applied first, to free b
        the next plan    {b: 1, c: 2}   →  {b: 1, c: 2}    a is gone, so b is the resource that was a
    """
    declared = {g.address for g in desired.galleries} | {i.address for g in desired.galleries for i in g.items}
    target_by_source = {moved.source: moved.target for moved in desired.moved}
    source_by_target = {moved.target: moved.source for moved in desired.moved}
    # The source is declared again because another entry gives its address to another resource, as b in the example.
    reused = {m for m in desired.moved if {m.source, m.target} <= declared and m.source in source_by_target}
    waiting = tuple(m for m in desired.moved if not (m in reused and _chain_applied(m, source_by_target, state.ids)))
    old_by_new = {address: address for address in state.ids}
    while True:
        blocked: dict[Moved, str] = {}
        for moved in waiting:
            addresses = _addresses_to_move(moved, old_by_new)
            if not addresses or moved.source == moved.target:
                continue
            if reason := _blocked_reason(moved, old_by_new, declared=moved.source in declared and moved not in reused):
                blocked[moved] = reason
                continue
            for address in addresses:
                target = moved.target if moved.target.item else Address(moved.target.gallery, address.item)
                old_by_new[target] = old_by_new.pop(address)
        if len(blocked) == len(waiting):
            break
        waiting = tuple(blocked)
    notices = (
        Notice(address=moved.target, message=f"{moved.at}: not moved from {moved.source}: {reason}")
        for moved, reason in blocked.items()
        if moved not in reused or _is_cyclic(moved, target_by_source)
    )
    return replace(_move_state(state, old_by_new), notices=tuple(notices))


def infer_moved_galleries(
    before: MovedState, live: Mapping[Address, str], desired_addresses: Collection[Address]
) -> MovedState:
    """Return `before` with each gallery under its new key, if the key of its manifest changed without a `moved` entry.

    `live` has the id of each manifest's gallery. The bound id or name identifies the gallery:

        state            {old: G, old/a: 1}
        manifest new     bind: {id: G}, and no manifest has the key old
        result           {new: G, new/a: 1}
    """
    state = before.state
    orphaned = {id_: a for a, id_ in state.ids.items() if a.item is None and a not in desired_addresses}
    used_keys = {address.gallery for address in state.ids}
    new_keys = {
        orphaned[id_].gallery: address.gallery
        for address, id_ in live.items()
        if id_ in orphaned and address.gallery not in used_keys
    }
    if not new_keys:
        return before
    old_by_new = {Address(new_keys.get(a.gallery, a.gallery), a.item): a for a in state.ids}
    after = _move_state(state, old_by_new)
    original = {new: old for old, new in before.moves.items()}
    moves = {original.get(old, old): new for old, new in after.moves.items()}
    return MovedState(state=after.state, moves={**before.moves, **moves}, notices=before.notices)


def _move_state(state: Bindings, old_by_new: Mapping[Address, Address]) -> MovedState:
    moves = {old: new for new, old in old_by_new.items() if old != new}
    if not moves:
        return MovedState(state=state, moves={})
    new_keys = {old.gallery: new.gallery for old, new in moves.items() if old.item is None}

    def new_address(address: Address) -> Address:
        # A protected or deposed address that has no id in state moves with its gallery.
        return moves.get(address) or Address(new_keys.get(address.gallery, address.gallery), address.item)

    moved = state.renamed(new_address)
    return MovedState(state=moved, moves=moves)


def _addresses_to_move(moved: Moved, addresses: Mapping[Address, Address]) -> list[Address]:
    if moved.source.item is not None:
        return [moved.source] if moved.source in addresses else []
    return [address for address in addresses if moved.source.covers(address)]


def _is_cyclic(moved: Moved, target_by_source: Mapping[Address, Address]) -> bool:
    """Return True if the entry leads into a cycle (a → b, b → a), none of which can be applied.

    A blocked entry outside of a cycle was applied before: its source is now the resource that another entry moved there.
    """
    address, seen = moved.target, {moved.source}
    while address in target_by_source and address not in seen:
        seen.add(address)
        address = target_by_source[address]
    return address in seen


def _chain_applied(moved: Moved, source_by_target: Mapping[Address, Address], ids: Collection[Address]) -> bool:
    """Return True if state does not have the first source of the chain of entries that ends with `moved`.

    Then the whole chain was applied before. For a → b, b → c, c → d with a gone, {b: 1} is the resource that was a and
    stays b, even if c and d were removed from state since.
    """
    first, seen = moved.source, {moved.source}
    while first in source_by_target and source_by_target[first] not in seen:
        first = source_by_target[first]
        seen.add(first)
    return first not in source_by_target and not any(first.covers(address) for address in ids)


def _blocked_reason(moved: Moved, addresses: Collection[Address], *, declared: bool) -> str:
    """Return why the entry cannot be applied now, "" if it can; `declared` says if a manifest still has the source."""
    if (moved.source.item is None) != (moved.target.item is None):
        return "one is a gallery, the other is an item"
    if moved.source.item is not None and moved.source.gallery != moved.target.gallery:
        return "the API cannot move items between galleries, so the item is created in the new gallery"
    if declared:
        return f"a manifest still declares {moved.source}"
    if moved.target in addresses or (moved.target.item is None and any(map(moved.target.covers, addresses))):
        return f"state has another resource at {moved.target}"
    return ""
