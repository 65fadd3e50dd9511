"""From what is wanted, what is there and what state knows: the plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired
from galleryctl.model.live import LiveGallery, SiteSnapshot
from galleryctl.model.media import LocalFile, RemoteFile
from galleryctl.plan import guards
from galleryctl.plan.changes import Action, Basis, Change, Notice, Plan, Refusal
from galleryctl.plan.gallery import (
    DESTROYED,
    GONE,
    NO_LONGER_NAMED,
    GalleryPlan,
    change_gallery,
    create_gallery,
    delete_gallery,
    delete_items,
)
from galleryctl.plan.match import GalleryPairs, bind_galleries
from galleryctl.plan.positions import place
from galleryctl.plan.renames import Renamed, rename
from galleryctl.plan.targets import check_targets, holds_target, only, targeted


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """What the command line says about a plan."""

    targets: tuple[Address, ...] = ()
    max_delete_percent: float | None = None
    """None for the workspace's limit."""
    allow_empty: bool = False
    allow_recreate: bool = False
    destroy: bool = False
    """Plan to delete everything that the manifests and state manage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _World:
    """All that a plan is made from, with the renames applied and the galleries paired."""

    desired: Desired
    snapshot: SiteSnapshot
    before: Bindings
    """As state has them; `renamed` holds them under the new addresses."""
    renamed: Renamed
    pairs: GalleryPairs
    options: PlanOptions
    wanted: Mapping[Address, bool]
    """Every address that a manifest names, and whether it is protected."""

    @property
    def known(self) -> Bindings:
        """What state knows, under the new addresses."""
        return self.renamed.bindings


def make_plan(
    desired: Desired,
    snapshot: SiteSnapshot,
    bindings: Bindings,
    *,
    options: PlanOptions = PlanOptions(),
    lineage: str = "",
    serial: int = 0,
) -> Plan:
    """The plan that makes the site what `desired` says.

    `snapshot` holds the items of every gallery that `bind_galleries` pairs. What must not be applied without a second
    word stands in `refusals`. Raises MatchError when a gallery or a target cannot be identified.
    """
    world = _World(
        desired=desired,
        snapshot=snapshot,
        before=bindings,
        renamed=rename(desired, bindings),
        pairs=bind_galleries(desired, snapshot.galleries, bindings),
        options=options,
        wanted=dict(_named(desired)),
    )
    check_targets(options.targets, world.wanted.keys() | world.known.ids.keys())
    parts = tuple(_destroyed(world) if options.destroy else _planned(world))
    changes = only([change for part in parts for change in part.changes], options.targets)
    pairs = {address: id_ for part in parts for address, id_ in part.ids.items()}
    unchanged = {address for part in parts for address in part.unchanged}
    forget = frozenset(_forget(world, pairs))
    return Plan(
        site_id=snapshot.site_id,
        changes=changes,
        unchanged=sum(targeted(address, options.targets) for address in unchanged),
        ids={a: id_ for a, id_ in pairs.items() if bindings.ids.get(a) != id_ and _concerns(world, a)},
        media=_media(world, parts, changes),
        protected=_protected(world, forget),
        forget=forget,
        refusals=tuple(_refusals(world, changes, pairs)),
        notices=tuple(_notices(world, parts)),
        item_order=desired.item_order,
        targets=options.targets,
        lineage=lineage,
        serial=serial,
    )


def _named(desired: Desired) -> Iterator[tuple[Address, bool]]:
    for gallery in desired.galleries:
        yield gallery.address, gallery.protect
        yield from ((item.address, item.protect) for item in gallery.items)


def _concerns(world: _World, address: Address) -> bool:
    """Whether the plan may learn of `address`: a target, or the gallery that holds one."""
    targets = world.options.targets
    return targeted(address, targets) or (address.item is None and holds_target(address, targets))


def _planned(world: _World) -> Iterator[GalleryPlan]:
    """The plan of each manifest's gallery, then the deletes of those that have no manifest any more."""
    missing = [g.address for g in world.desired.galleries if g.address not in world.pairs.live]
    orders = place([None] * len(missing), (gallery.sort_order for gallery in world.snapshot.galleries))
    for gallery in world.desired.galleries:
        address = gallery.address
        if live := world.pairs.live.get(address):
            yield change_gallery(
                gallery,
                live,
                world.pairs.basis[address],
                bindings=world.known,
                files=world.snapshot.files,
                item_order=world.desired.item_order,
            )
        else:
            reason = GONE if address in world.pairs.vanished else ""
            fresh = orders[missing.index(address)]
            yield create_gallery(gallery, fresh, world.desired.item_order, reason=reason)
    yield GalleryPlan(changes=tuple(_orphans(world, NO_LONGER_NAMED)))


def _destroyed(world: _World) -> Iterator[GalleryPlan]:
    """Deletes of all galleries, or of the items only where the targets name items."""
    for gallery in world.desired.galleries:
        live = world.pairs.live.get(gallery.address)
        if live is None:
            continue
        if targeted(gallery.address, world.options.targets):
            change = delete_gallery(
                gallery.address, live, basis=world.pairs.basis[gallery.address], reason=DESTROYED
            )
            yield GalleryPlan(changes=(change,), ids={gallery.address: live.id})
        elif holds_target(gallery.address, world.options.targets):
            yield delete_items(
                gallery,
                live,
                bindings=world.known,
                files=world.snapshot.files,
                item_order=world.desired.item_order,
            )
    yield GalleryPlan(changes=tuple(_orphans(world, DESTROYED)))


def _orphans(world: _World, reason: str) -> Iterator[Change]:
    """Deletes of the galleries that state knows and no manifest names or means."""
    live = _unclaimed(world)
    for address, id_ in sorted(world.known.ids.items(), key=_by_address):
        if address.item is None and address not in world.wanted and id_ in live:
            yield delete_gallery(address, live[id_], basis=Basis.STATE, reason=reason)


def _unclaimed(world: _World) -> Mapping[str, LiveGallery]:
    claimed = {gallery.id for gallery in world.pairs.live.values()}
    return {gallery.id: gallery for gallery in world.snapshot.galleries if gallery.id not in claimed}


def _forget(world: _World, pairs: Mapping[Address, str]) -> Iterator[Address]:
    """What state shall drop: old names, and what no manifest names and the site does not have, or has as another."""
    targets = world.options.targets
    for old, new in world.renamed.sources.items():
        if targeted(old, targets) or targeted(new, targets):
            yield old
    orphans = _unclaimed(world)
    taken = set(pairs.values())
    for address, id_ in world.known.ids.items():
        if address in world.wanted or not targeted(address, targets):
            continue
        gallery = world.pairs.live.get(address.parent)
        if address.item is None:
            gone = id_ not in orphans
        elif gallery:
            gone = id_ in taken or all(item.id != id_ for item in gallery.items or ())
        else:
            gone = world.known.ids.get(address.parent) not in orphans
        if gone:
            yield address


def _media(world: _World, parts: Sequence[GalleryPlan], changes: Sequence[Change]) -> Mapping[str, str]:
    """The files of what the changes show, and those that were recognised."""
    found = {source: id_ for part in parts for source, id_ in part.media.items()}
    known = {**world.known.media, **found}
    learnt = {
        item.media.source
        for gallery in world.desired.galleries
        for item in gallery.items
        if isinstance(item.media, LocalFile | RemoteFile)
        and item.media.source in found
        and targeted(item.address, world.options.targets)
    }
    used = {c.media.source for c in changes if isinstance(c.media, LocalFile | RemoteFile)}
    return {source: known[source] for source in sorted(learnt | used) if source in known}


def _protected(world: _World, forget: frozenset[Address]) -> frozenset[Address]:
    """What shall be protected from now on: what the manifests say, and what they said last of what they name no more."""
    remembered = (world.known.protected | world.before.protected) - forget
    if world.options.destroy:
        return remembered
    heard = {a: protect for a, protect in world.wanted.items() if targeted(a, world.options.targets)}
    return frozenset(a for a in remembered if a not in heard) | {a for a, protect in heard.items() if protect}


def _refusals(world: _World, changes: Sequence[Change], pairs: Mapping[Address, str]) -> Iterator[Refusal]:
    options = world.options
    removed = _removed(world, changes)
    held = world.known.protected | {address for address, protect in world.wanted.items() if protect}
    yield from guards.protected(removed, held)
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


def _removed(world: _World, changes: Sequence[Change]) -> Mapping[Address, Change]:
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
    return dict(sorted(removed.items(), key=_by_address))


def _by_address(entry: tuple[Address, object]) -> tuple[str, str]:
    return entry[0].gallery, entry[0].item or ""


def _notices(world: _World, parts: Sequence[GalleryPlan]) -> Iterator[Notice]:
    found = [*world.renamed.notices, *_bind_notices(world)]
    for notice in (*found, *(notice for part in parts for notice in part.notices)):
        if notice.address is None or _concerns(world, notice.address):
            yield notice


def _bind_notices(world: _World) -> Iterator[Notice]:
    """Galleries that were found, but not as the manifest or state has them."""
    for gallery in world.desired.galleries:
        live = world.pairs.live.get(gallery.address)
        known = world.known.ids.get(gallery.address)
        if live is None or live.id == known == (gallery.bind.id or known):
            continue
        if gallery.bind.id and live.id != gallery.bind.id:
            message = (
                f"the site has no gallery {gallery.bind.id}; state knows it as {live.id}: correct bind.id"
            )
            yield Notice(address=gallery.address, message=message)
        elif known and live.id != known:
            message = (
                f"taken to be {live.id} by {world.pairs.basis[gallery.address]}; state knew it as {known}"
            )
            yield Notice(address=gallery.address, message=message)
