"""What state shall know once a plan is applied: files, protection, and what it shall forget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from galleryctl.model.address import Address
from galleryctl.model.media import LocalFile, RemoteFile
from galleryctl.plan.changes import Change
from galleryctl.plan.targets import targeted
from galleryctl.plan.world import World


def forgotten(world: World, pairs: Mapping[Address, str]) -> Iterator[Address]:
    """What state shall drop: old names, and what no manifest names and the site does not have, or has as another."""
    targets = world.options.targets
    for old, new in world.renamed.sources.items():
        if targeted(old, targets) or targeted(new, targets):
            yield old
    orphans = world.unclaimed
    live = {address: {item.id for item in gallery.items or ()} for address, gallery in world.pairs.live.items()}
    taken = set(pairs.values())
    for address, id_ in world.known.ids.items():
        if address in world.wanted or not targeted(address, targets):
            continue
        if address.item is None:
            gone = id_ not in orphans
        elif address.parent in live:
            gone = id_ in taken or id_ not in live[address.parent]
        else:
            gone = world.known.ids.get(address.parent) not in orphans
        if gone:
            yield address


def files(world: World, recognised: Mapping[str, str], changes: Sequence[Change]) -> Mapping[str, str]:
    """The files of what the changes show, and those that were recognised: source → file id."""
    known = {**world.known.media, **recognised}
    learnt = {
        item.media.source
        for gallery in world.desired.galleries
        for item in gallery.items
        if isinstance(item.media, LocalFile | RemoteFile)
        and item.media.source in recognised
        and targeted(item.address, world.options.targets)
    }
    used = {c.media.source for c in changes if isinstance(c.media, LocalFile | RemoteFile)}
    return {source: known[source] for source in sorted(learnt | used) if source in known}


def protected(world: World, forget: frozenset[Address]) -> frozenset[Address]:
    """What shall be protected from now on: what the manifests say, and what they said last of what they name no more."""
    remembered = (world.known.protected | world.before.protected) - forget
    if world.options.destroy:
        return remembered
    heard = {a: protect for a, protect in world.wanted.items() if targeted(a, world.options.targets)}
    kept = frozenset(address for address in remembered if address not in heard and _exists(world, address))
    return kept | {address for address, protect in heard.items() if protect}


def _exists(world: World, address: Address) -> bool:
    """Whether there is something to protect: what was never made and is named no more, is nothing."""
    return address in world.wanted or address in world.known.ids or address in world.before.ids
