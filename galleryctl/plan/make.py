"""From what is wanted, what is there and what state knows: the plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired
from galleryctl.model.live import SiteSnapshot
from galleryctl.plan import guards, memory
from galleryctl.plan.changes import Action, Basis, Change, Notice, Plan, Refusal
from galleryctl.plan.gallery import (
    DESTROYED,
    GONE,
    GalleryPlan,
    change_gallery,
    create_gallery,
    destroy_gallery,
    destroy_items,
)
from galleryctl.plan.leftover import NO_LONGER_NAMED
from galleryctl.plan.positions import place
from galleryctl.plan.resources import delete_gallery
from galleryctl.plan.targets import check_targets, holds_target, only, targeted
from galleryctl.plan.world import NO_OPTIONS, PlanOptions, World, by_address

__all__ = ["PlanOptions", "make_plan"]


def make_plan(
    desired: Desired,
    snapshot: SiteSnapshot,
    bindings: Bindings,
    *,
    options: PlanOptions = NO_OPTIONS,
    lineage: str = "",
    serial: int = 0,
) -> Plan:
    """The plan that makes the site what `desired` says.

    `snapshot` holds the items of every gallery that `bind_galleries` pairs or that state knows. What must not be
    applied without a second word stands in `refusals`. Raises MatchError when a gallery or a target cannot be identified.
    """
    world = World.of(desired, snapshot, bindings, options)
    check_targets(options.targets, world.wanted.keys() | world.known.ids.keys())
    parts = tuple(_destroyed(world) if options.destroy else _planned(world))
    changes = only([change for part in parts for change in part.changes], options.targets)
    pairs = {address: id_ for part in parts for address, id_ in part.ids.items()}
    recognised = {source: id_ for part in parts for source, id_ in part.media.items()}
    unchanged = {address for part in parts for address in part.unchanged}
    forget = frozenset(memory.forgotten(world, pairs))
    return Plan(
        site_id=snapshot.site_id,
        changes=changes,
        unchanged=sum(targeted(address, options.targets) for address in unchanged),
        ids={a: id_ for a, id_ in pairs.items() if bindings.ids.get(a) != id_ and world.concerns(a)},
        media=memory.files(world, recognised, changes),
        protected=memory.protected(world, forget),
        forget=forget,
        refusals=tuple(_refusals(world, parts, changes, pairs)),
        notices=tuple(_notices(world, parts)),
        item_order=desired.item_order,
        targets=options.targets,
        lineage=lineage,
        serial=serial,
    )


def _planned(world: World) -> Iterator[GalleryPlan]:
    """The plan of each manifest's gallery, then the deletes of those that have no manifest any more."""
    missing = [g.address for g in world.desired.galleries if g.address not in world.pairs.live]
    free = place([None] * len(missing), (gallery.sort_order for gallery in world.snapshot.galleries))
    orders = {address: free[i] for i, address in enumerate(missing)}
    for gallery in world.desired.galleries:
        address = gallery.address
        if live := world.pairs.live.get(address):
            yield change_gallery(
                gallery,
                live,
                world.pairs.basis[address],
                bindings=world.parts[address],
                files=world.snapshot.files,
                item_order=world.desired.item_order,
                targets=world.options.targets,
            )
        else:
            reason = GONE if address in world.pairs.vanished else ""
            yield create_gallery(gallery, orders[address], world.desired.item_order, reason=reason)
    yield from _orphans(world, NO_LONGER_NAMED)


def _destroyed(world: World) -> Iterator[GalleryPlan]:
    """Deletes of all galleries, or of the items only where the targets name items."""
    for gallery in world.desired.galleries:
        address = gallery.address
        live = world.pairs.live.get(address)
        if live is None:
            continue
        known, files = world.parts[address], world.snapshot.files
        if targeted(address, world.options.targets):
            basis = world.pairs.basis[address]
            yield destroy_gallery(gallery, live, basis, bindings=known, files=files)
        elif holds_target(address, world.options.targets):
            order = world.desired.item_order
            yield destroy_items(gallery, live, bindings=known, files=files, item_order=order)
    yield from _orphans(world, DESTROYED)


def _orphans(world: World, reason: str) -> Iterator[GalleryPlan]:
    """Deletes of the galleries that state knows and no manifest names or means."""
    live = world.unclaimed
    ours = {*world.known.ids.values(), *world.known.deposed}
    galleries = [entry for entry in world.known.ids.items() if entry[0].item is None]
    for address, id_ in sorted(galleries, key=by_address):
        if address in world.wanted or id_ not in live or not targeted(address, world.options.targets):
            continue
        change = delete_gallery(address, live[id_], basis=Basis.STATE, reason=reason)
        others = live[id_].item_count - sum(item.id in ours for item in live[id_].loaded_items)
        yield GalleryPlan(changes=(change,), bystanders={address: others})


def _refusals(
    world: World, parts: Sequence[GalleryPlan], changes: Sequence[Change], pairs: Mapping[Address, str]
) -> Iterator[Refusal]:
    options = world.options
    removed = _removed(world, changes)
    held = world.known.protected | {address for address, protect in world.wanted.items() if protect}
    yield from guards.protected(removed, held)
    others = ((address, count) for part in parts for address, count in part.bystanders.items())
    yield from guards.bystanders({address: count for address, count in others if address in removed})
    yield from guards.cramped(address for part in parts for address in part.cramped)
    if options.destroy:
        return
    if not options.allow_recreate:
        gone = world.pairs.vanished.items()
        yield from guards.vanished({a: id_ for a, id_ in gone if holds_target(a, options.targets)})
    if not options.allow_empty:
        yield from guards.emptied(world.desired, changes, world.known.ids.keys())
    limit = options.max_delete_percent
    if limit is None:
        limit = world.desired.limits.max_delete_percent
    managed = world.known.ids.keys() | pairs.keys() | removed.keys()
    yield from guards.too_many(removed, len(managed), limit)


def _removed(world: World, changes: Sequence[Change]) -> Mapping[Address, Change]:
    """What goes from the site, by address; the items of a gallery that goes are told by state and its manifest."""
    removed: dict[Address, Change] = {}
    for change in changes:
        # What an earlier replacement left to delete was agreed to when that was applied.
        if change.action in (Action.DELETE, Action.REPLACE) and change.basis is not Basis.JOURNAL:
            removed[change.address] = change
    galleries = {a: change for a, change in removed.items() if a.item is None}
    for address in world.known.ids.keys() | world.wanted.keys() if galleries else ():
        if address.parent in galleries:
            removed[address] = galleries[address.parent]
    return dict(sorted(removed.items(), key=by_address))


def _notices(world: World, parts: Sequence[GalleryPlan]) -> Iterator[Notice]:
    found = [*world.renamed.notices, *_bind_notices(world), *_target_notices(world)]
    for notice in (*found, *(notice for part in parts for notice in part.notices)):
        if notice.address is None or world.concerns(notice.address):
            yield notice


def _bind_notices(world: World) -> Iterator[Notice]:
    """Galleries that were found, but not as the manifest or state has them."""
    for gallery in world.desired.galleries:
        live = world.pairs.live.get(gallery.address)
        known = world.known.ids.get(gallery.address)
        if live is None or live.id == known == (gallery.bind.id or known):
            continue
        if gallery.bind.id and live.id != gallery.bind.id:
            message = f"the site has no gallery {gallery.bind.id}; state knows it as {live.id}: correct bind.id"
            yield Notice(address=gallery.address, message=message)
        elif known and live.id != known:
            message = f"taken to be {live.id} by {world.pairs.basis[gallery.address]}; state knew it as {known}"
            yield Notice(address=gallery.address, message=message)


def _target_notices(world: World) -> Iterator[Notice]:
    """Targets for which nothing can be done."""
    for target in world.options.targets:
        if target.item is not None and target.parent not in world.wanted and target in world.known.ids:
            message = f"no manifest names its gallery, so it only goes together with that: target {target.parent}"
            yield Notice(address=target, message=message)
