"""The manifests' `moved` entries, applied to what state knows."""

from __future__ import annotations

from collections.abc import Mapping
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
    """`bindings` as `desired.moved` renames them, in the order of its entries.

    An entry whose source state does not know has been applied before and says nothing. Applying the result again
    changes nothing, so that both the engine and the planner may do it.
    """
    wanted = _addresses(desired)
    renamed = Renamed(bindings=bindings, sources={})
    for moved in desired.moved:
        renamed = _apply(renamed, moved, wanted)
    return renamed


def _apply(before: Renamed, moved: Moved, wanted: frozenset[Address]) -> Renamed:
    ids = before.bindings.ids
    known = [address for address in ids if moved.source.covers(address)]
    if not known or moved.source == moved.target:
        return before
    if obstacle := _obstacle(moved, wanted, ids):
        notice = Notice(
            address=moved.target, message=f"{moved.at}: not moved from {moved.source}: {obstacle}"
        )
        return replace(before, notices=(*before.notices, notice))

    def new(address: Address) -> Address:
        if not moved.source.covers(address):
            return address
        return moved.target if moved.target.item else Address(moved.target.gallery, address.item)

    bindings = replace(
        before.bindings,
        ids={new(address): id_ for address, id_ in ids.items()},
        protected=frozenset(map(new, before.bindings.protected)),
        deposed={id_: new(address) for id_, address in before.bindings.deposed.items()},
    )
    earlier = {old: new(address) for old, address in before.sources.items()}
    return replace(
        before, bindings=bindings, sources={**earlier, **{address: new(address) for address in known}}
    )


def _obstacle(moved: Moved, wanted: frozenset[Address], ids: Mapping[Address, str]) -> str:
    if (moved.source.item is None) != (moved.target.item is None):
        return "one is a gallery, the other an item"
    if moved.source.item is not None and moved.source.gallery != moved.target.gallery:
        return "the API has no move between galleries, so the item is made anew"
    if moved.source in wanted:
        return "a manifest still names it"
    if any(moved.target.covers(address) for address in ids):
        return f"state knows another resource as {moved.target}"
    return ""


def _addresses(desired: Desired) -> frozenset[Address]:
    galleries = {gallery.address for gallery in desired.galleries}
    return frozenset(galleries | {item.address for gallery in desired.galleries for item in gallery.items})
