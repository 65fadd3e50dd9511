"""The manifests' `moved` entries, and galleries under a new key, applied to what state knows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired, Moved
from galleryctl.plan.changes import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """The bindings under their new addresses, the addresses they had before, and what could not be renamed."""

    bindings: Bindings
    sources: Mapping[Address, Address]
    """Old address → new address."""
    notices: tuple[Notice, ...] = ()


def rename(desired: Desired, bindings: Bindings) -> Renamed:
    """`bindings` as `desired.moved` renames them; an entry that waits for another's name to become free comes after it.

    An entry whose source state does not know has been applied before and says nothing. Applying the result again
    changes nothing, so that both the engine and the planner may do it.
    """
    wanted = _addresses(desired)
    next_names = {moved.source: moved.target for moved in desired.moved}
    names = {address: address for address in bindings.ids}
    givers = {moved.target: moved.source for moved in desired.moved}
    waiting = tuple(
        moved
        for moved in desired.moved
        if not (_passed_on(moved, wanted, next_names) and _row_was_applied(moved, givers, bindings.ids))
    )
    while True:
        blocked: dict[Moved, str] = {}
        for moved in waiting:
            known = _known(moved, names)
            if not known or moved.source == moved.target:
                continue
            if obstacle := _obstacle(moved, wanted, names, next_names):
                blocked[moved] = obstacle
                continue
            for address in known:
                names[_new(address, moved)] = names.pop(address)
        if len(blocked) == len(waiting):
            break
        waiting = tuple(blocked)
    notices = (
        Notice(address=moved.target, message=f"{moved.at}: not moved from {moved.source}: {obstacle}")
        for moved, obstacle in blocked.items()
        if not _settled(moved, wanted, next_names)
    )
    return replace(_renamed(bindings, names), notices=tuple(notices))


def adopt(before: Renamed, live: Mapping[Address, str], wanted: Collection[Address]) -> Renamed:
    """`before` with each gallery, and its items, under the key of the manifest that means it now.

    `live` has the id of each manifest's gallery. State may know that id under a key that no manifest names any more:
    the gallery was given a new key, and what binds it, its id or its name, says so without a `moved` entry.
    """
    bindings = before.bindings
    owners = {id_: a for a, id_ in bindings.ids.items() if a.item is None and a not in wanted}
    known = {address.gallery for address in bindings.ids}
    keys = {
        owners[id_].gallery: address.gallery
        for address, id_ in live.items()
        if id_ in owners and address.gallery not in known
    }
    if not keys:
        return before
    earlier = {new: old for old, new in before.sources.items()}
    names = {Address(keys.get(address.gallery, address.gallery), address.item): address for address in bindings.ids}
    adopted = _renamed(bindings, names)
    sources = {earlier.get(old, old): new for old, new in adopted.sources.items()}
    return Renamed(bindings=adopted.bindings, sources={**before.sources, **sources}, notices=before.notices)


def _renamed(bindings: Bindings, names: Mapping[Address, Address]) -> Renamed:
    """`bindings` with new names; `names` has the old one of each new one."""
    sources = {old: new for new, old in names.items() if old != new}
    if not sources:
        return Renamed(bindings=bindings, sources={})
    keys = {old.gallery: new.gallery for old, new in sources.items() if old.item is None}

    def now(address: Address) -> Address:
        # What state has no id for goes along with its gallery.
        return sources.get(address) or Address(keys.get(address.gallery, address.gallery), address.item)

    renamed = replace(
        bindings,
        ids={new: bindings.ids[old] for new, old in names.items()},
        protected=frozenset(map(now, bindings.protected)),
        deposed={id_: now(address) for id_, address in bindings.deposed.items()},
    )
    return Renamed(bindings=renamed, sources=sources)


def _known(moved: Moved, names: Mapping[Address, Address]) -> list[Address]:
    """What state knows of that which an entry renames."""
    if moved.source.item is not None:
        return [moved.source] if moved.source in names else []
    return [address for address in names if moved.source.covers(address)]


def _new(address: Address, moved: Moved) -> Address:
    return moved.target if moved.target.item else Address(moved.target.gallery, address.item)


def _settled(moved: Moved, wanted: frozenset[Address], next_names: Mapping[Address, Address]) -> bool:
    """Whether an entry that is blocked was applied before, its source being by now the name that another entry gave.

    Entries that go in a circle never come to rest, so of them no one was applied.
    """
    if not _passed_on(moved, wanted, next_names):
        return False
    after, seen = moved.target, {moved.source}
    while after in next_names and after not in seen:
        seen.add(after)
        after = next_names[after]
    return after not in seen


def _row_was_applied(moved: Moved, givers: Mapping[Address, Address], ids: Collection[Address]) -> bool:
    """Whether state knows nothing that the first entry of the row renames in which `moved` passes a name on.

    The row was applied as a whole then: what has the name now is what got it, even if state forgot who had it.
    """
    first, seen = moved.source, {moved.source}
    while first in givers and givers[first] not in seen:
        first = givers[first]
        seen.add(first)
    return first not in givers and not any(first.covers(address) for address in ids)


def _passed_on(moved: Moved, wanted: frozenset[Address], next_names: Mapping[Address, Address]) -> bool:
    """Whether a manifest names the source because another entry gives that name to something else."""
    return {moved.source, moved.target} <= wanted and moved.source in next_names.values()


def _obstacle(
    moved: Moved,
    wanted: frozenset[Address],
    ids: Collection[Address],
    next_names: Mapping[Address, Address],
) -> str:
    if (moved.source.item is None) != (moved.target.item is None):
        return "one is a gallery, the other an item"
    if moved.source.item is not None and moved.source.gallery != moved.target.gallery:
        return "the API has no move between galleries, so the item is made anew"
    if moved.source in wanted and not _passed_on(moved, wanted, next_names):
        return "a manifest still names it"
    if moved.target in ids or (moved.target.item is None and any(map(moved.target.covers, ids))):
        return f"state knows another resource as {moved.target}"
    return ""


def _addresses(desired: Desired) -> frozenset[Address]:
    galleries = {gallery.address for gallery in desired.galleries}
    return frozenset(galleries | {item.address for gallery in desired.galleries for item in gallery.items})
