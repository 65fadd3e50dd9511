"""The manifests' `moved` entries, and galleries under a new key, applied to what state knows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired, Moved
from galleryctl.plan.changes import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedState:
    """The bindings under their new addresses, the addresses they had before, and what could not be renamed."""

    state: Bindings
    moves: Mapping[Address, Address]
    """Old address → new address."""
    notices: tuple[Notice, ...] = ()


def apply_moved(desired: Desired, state: Bindings) -> MovedState:
    """`bindings` as `desired.moved` renames them; an entry that waits for another's name to become free comes after it.

    An entry whose source state does not know has been applied before and says nothing. Applying the result again
    changes nothing, so that both the engine and the planner may do it.
    """
    desired_addresses = _addresses_of(desired)
    target_by_source = {moved.source: moved.target for moved in desired.moved}
    old_by_new = {address: address for address in state.ids}
    source_by_target = {moved.target: moved.source for moved in desired.moved}
    waiting = tuple(
        moved
        for moved in desired.moved
        if not (
            _name_reused(moved, desired_addresses, target_by_source)
            and _chain_applied(moved, source_by_target, state.ids)
        )
    )
    while True:
        blocked: dict[Moved, str] = {}
        for moved in waiting:
            known = _addresses_to_move(moved, old_by_new)
            if not known or moved.source == moved.target:
                continue
            if obstacle := _blocked_reason(moved, desired_addresses, old_by_new, target_by_source):
                blocked[moved] = obstacle
                continue
            for address in known:
                old_by_new[_moved_address(address, moved)] = old_by_new.pop(address)
        if len(blocked) == len(waiting):
            break
        waiting = tuple(blocked)
    notices = (
        Notice(address=moved.target, message=f"{moved.at}: not moved from {moved.source}: {obstacle}")
        for moved, obstacle in blocked.items()
        if not _already_applied(moved, desired_addresses, target_by_source)
    )
    return replace(_move_state(state, old_by_new), notices=tuple(notices))


def infer_moved_galleries(
    before: MovedState, live: Mapping[Address, str], desired_addresses: Collection[Address]
) -> MovedState:
    """`before` with each gallery, and its items, under the key of the manifest that means it now.

    `live` has the id of each manifest's gallery. State may know that id under a key that no manifest names any more:
    the gallery was given a new key, and what binds it, its id or its name, says so without a `moved` entry.
    """
    bindings = before.state
    owners = {id_: a for a, id_ in bindings.ids.items() if a.item is None and a not in desired_addresses}
    known = {address.gallery for address in bindings.ids}
    keys = {
        owners[id_].gallery: address.gallery
        for address, id_ in live.items()
        if id_ in owners and address.gallery not in known
    }
    if not keys:
        return before
    earlier = {new: old for old, new in before.moves.items()}
    old_by_new = {
        Address(keys.get(address.gallery, address.gallery), address.item): address for address in bindings.ids
    }
    adopted = _move_state(bindings, old_by_new)
    sources = {earlier.get(old, old): new for old, new in adopted.moves.items()}
    return MovedState(state=adopted.state, moves={**before.moves, **sources}, notices=before.notices)


def _move_state(state: Bindings, old_by_new: Mapping[Address, Address]) -> MovedState:
    """`bindings` with new names; `names` has the old one of each new one."""
    sources = {old: new for new, old in old_by_new.items() if old != new}
    if not sources:
        return MovedState(state=state, moves={})
    keys = {old.gallery: new.gallery for old, new in sources.items() if old.item is None}

    def new_address(address: Address) -> Address:
        # What state has no id for goes along with its gallery.
        return sources.get(address) or Address(keys.get(address.gallery, address.gallery), address.item)

    renamed = replace(
        state,
        ids={new: state.ids[old] for new, old in old_by_new.items()},
        protected=frozenset(map(new_address, state.protected)),
        deposed={id_: new_address(address) for id_, address in state.deposed.items()},
    )
    return MovedState(state=renamed, moves=sources)


def _addresses_to_move(moved: Moved, old_by_new: Mapping[Address, Address]) -> list[Address]:
    """What state knows of that which an entry renames."""
    if moved.source.item is not None:
        return [moved.source] if moved.source in old_by_new else []
    return [address for address in old_by_new if moved.source.covers(address)]


def _moved_address(address: Address, moved: Moved) -> Address:
    return moved.target if moved.target.item else Address(moved.target.gallery, address.item)


def _already_applied(
    moved: Moved, desired_addresses: frozenset[Address], target_by_source: Mapping[Address, Address]
) -> bool:
    """Whether an entry that is blocked was applied before, its source being by now the name that another entry gave.

    Entries that go in a circle never come to rest, so of them no one was applied.
    """
    if not _name_reused(moved, desired_addresses, target_by_source):
        return False
    after, seen = moved.target, {moved.source}
    while after in target_by_source and after not in seen:
        seen.add(after)
        after = target_by_source[after]
    return after not in seen


def _chain_applied(moved: Moved, source_by_target: Mapping[Address, Address], ids: Collection[Address]) -> bool:
    """Whether state knows nothing that the first entry of the row renames in which `moved` passes a name on.

    The row was applied as a whole then: what has the name now is what got it, even if state forgot who had it.
    """
    first, seen = moved.source, {moved.source}
    while first in source_by_target and source_by_target[first] not in seen:
        first = source_by_target[first]
        seen.add(first)
    return first not in source_by_target and not any(first.covers(address) for address in ids)


def _name_reused(
    moved: Moved, desired_addresses: frozenset[Address], target_by_source: Mapping[Address, Address]
) -> bool:
    """Whether a manifest names the source because another entry gives that name to something else."""
    return {moved.source, moved.target} <= desired_addresses and moved.source in target_by_source.values()


def _blocked_reason(
    moved: Moved,
    desired_addresses: frozenset[Address],
    ids: Collection[Address],
    target_by_source: Mapping[Address, Address],
) -> str:
    if (moved.source.item is None) != (moved.target.item is None):
        return "one is a gallery, the other an item"
    if moved.source.item is not None and moved.source.gallery != moved.target.gallery:
        return "the API has no move between galleries, so the item is made anew"
    if moved.source in desired_addresses and not _name_reused(moved, desired_addresses, target_by_source):
        return "a manifest still names it"
    if moved.target in ids or (moved.target.item is None and any(map(moved.target.covers, ids))):
        return f"state knows another resource as {moved.target}"
    return ""


def _addresses_of(desired: Desired) -> frozenset[Address]:
    galleries = {gallery.address for gallery in desired.galleries}
    return frozenset(galleries | {item.address for gallery in desired.galleries for item in gallery.items})
