"""From what is wanted, what is there and what state knows: the plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired
from galleryctl.model.live import SiteSnapshot
from galleryctl.plan import guards, state_changes
from galleryctl.plan.changes import Action, Change, MatchedBy, Notice, Plan, Refusal
from galleryctl.plan.context import DEFAULT_PLAN_OPTIONS, PlanContext, PlanOptions, address_sort_key
from galleryctl.plan.gallery import (
    DESTROY_REASON,
    GONE_REASON,
    GalleryPlan,
    plan_gallery_create,
    plan_gallery_destroy,
    plan_gallery_update,
    plan_items_destroy,
)
from galleryctl.plan.ordering.reorder import assign_sort_orders
from galleryctl.plan.resources import delete_gallery_change
from galleryctl.plan.targets import check_targets, contains_target, filter_targeted, is_targeted
from galleryctl.plan.unmanaged import NO_LONGER_DECLARED

__all__ = ["PlanOptions", "make_plan"]


def make_plan(
    desired: Desired,
    snapshot: SiteSnapshot,
    state: Bindings,
    *,
    options: PlanOptions = DEFAULT_PLAN_OPTIONS,
    lineage: str = "",
    serial: int = 0,
) -> Plan:
    """The plan that makes the site what `desired` says.

    `snapshot` holds the items of every gallery that `bind_galleries` pairs or that state knows. What must not be
    applied without a second word stands in `refusals`. Raises MatchError when a gallery or a target cannot be identified.
    """
    context = PlanContext.build(desired, snapshot, state, options)
    check_targets(options.targets, context.protect_by_address.keys() | context.state.ids.keys())
    gallery_plans = tuple(_plan_destroy(context) if options.destroy else _plan_galleries(context))
    changes = filter_targeted([change for part in gallery_plans for change in part.changes], options.targets)
    ids = {address: id_ for part in gallery_plans for address, id_ in part.ids.items()}
    found_media = {source: id_ for part in gallery_plans for source, id_ in part.media.items()}
    unchanged = {address for part in gallery_plans for address in part.unchanged}
    forget = frozenset(state_changes.addresses_to_forget(context, ids))
    return Plan(
        site_id=snapshot.site_id,
        changes=changes,
        unchanged=sum(is_targeted(address, options.targets) for address in unchanged),
        ids={a: id_ for a, id_ in ids.items() if state.ids.get(a) != id_ and context.in_scope(a)},
        media=state_changes.media_to_record(context, found_media, changes),
        protected=state_changes.protected_addresses(context, forget),
        forget=forget,
        refusals=tuple(_refusals(context, gallery_plans, changes, ids)),
        notices=tuple(_notices(context, gallery_plans)),
        item_order=desired.item_order,
        targets=options.targets,
        lineage=lineage,
        serial=serial,
    )


def _plan_galleries(context: PlanContext) -> Iterator[GalleryPlan]:
    """The plan of each manifest's gallery, then the deletes of those that have no manifest any more."""
    missing = [g.address for g in context.desired.galleries if g.address not in context.matches.live]
    free = assign_sort_orders([None] * len(missing), (gallery.sort_order for gallery in context.snapshot.galleries))
    orders = {address: free[i] for i, address in enumerate(missing)}
    for gallery in context.desired.galleries:
        address = gallery.address
        if live := context.matches.live.get(address):
            yield plan_gallery_update(
                gallery,
                live,
                context.matches.matched_by[address],
                state=context.state_by_gallery[address],
                files=context.snapshot.files,
                item_order=context.desired.item_order,
                targets=context.options.targets,
            )
        else:
            reason = GONE_REASON if address in context.matches.missing else ""
            yield plan_gallery_create(gallery, orders[address], context.desired.item_order, reason=reason)
    yield from _delete_orphaned_galleries(context, NO_LONGER_DECLARED)


def _plan_destroy(context: PlanContext) -> Iterator[GalleryPlan]:
    """Deletes of all galleries, or of the items only where the targets name items."""
    for gallery in context.desired.galleries:
        address = gallery.address
        live = context.matches.live.get(address)
        if live is None:
            continue
        known, files = context.state_by_gallery[address], context.snapshot.files
        if is_targeted(address, context.options.targets):
            basis = context.matches.matched_by[address]
            yield plan_gallery_destroy(gallery, live, basis, state=known, files=files)
        elif contains_target(address, context.options.targets):
            order = context.desired.item_order
            yield plan_items_destroy(gallery, live, state=known, files=files, item_order=order)
    yield from _delete_orphaned_galleries(context, DESTROY_REASON)


def _delete_orphaned_galleries(context: PlanContext, reason: str) -> Iterator[GalleryPlan]:
    """Deletes of the galleries that state knows and no manifest names or means."""
    live = context.unmatched_galleries
    ours = {*context.state.ids.values(), *context.state.deposed}
    galleries = [entry for entry in context.state.ids.items() if entry[0].item is None]
    for address, id_ in sorted(galleries, key=address_sort_key):
        if (
            address in context.protect_by_address
            or id_ not in live
            or not is_targeted(address, context.options.targets)
        ):
            continue
        change = delete_gallery_change(address, live[id_], matched_by=MatchedBy.STATE, reason=reason)
        others = live[id_].item_count - sum(item.id in ours for item in live[id_].loaded_items)
        yield GalleryPlan(changes=(change,), unmanaged_items_lost={address: others})


def _refusals(
    context: PlanContext, gallery_plans: Sequence[GalleryPlan], changes: Sequence[Change], ids: Mapping[Address, str]
) -> Iterator[Refusal]:
    options = context.options
    removed = _removed_by_address(context, changes)
    held = context.state.protected | {address for address, protect in context.protect_by_address.items() if protect}
    yield from guards.protected_removed(removed, held)
    others = ((address, count) for part in gallery_plans for address, count in part.unmanaged_items_lost.items())
    yield from guards.unmanaged_items_lost({address: count for address, count in others if address in removed})
    yield from guards.no_room_for_target(address for part in gallery_plans for address in part.blocking_items)
    if options.destroy:
        return
    if not options.allow_recreate:
        gone = context.matches.missing.items()
        yield from guards.missing_gallery({a: id_ for a, id_ in gone if contains_target(a, options.targets)})
    if not options.allow_empty:
        yield from guards.empty_manifest(context.desired, changes, context.state.ids.keys())
    limit = options.max_delete_percent
    if limit is None:
        limit = context.desired.limits.max_delete_percent
    managed = context.state.ids.keys() | ids.keys() | removed.keys()
    yield from guards.too_many_deletes(removed, len(managed), limit)


def _removed_by_address(context: PlanContext, changes: Sequence[Change]) -> Mapping[Address, Change]:
    """What goes from the site, by address; the items of a gallery that goes are told by state and its manifest."""
    removed: dict[Address, Change] = {}
    for change in changes:
        # What an earlier replacement left to delete was agreed to when that was applied.
        if change.action in (Action.DELETE, Action.REPLACE) and change.matched_by is not MatchedBy.JOURNAL:
            removed[change.address] = change
    galleries = {a: change for a, change in removed.items() if a.item is None}
    for address in context.state.ids.keys() | context.protect_by_address.keys() if galleries else ():
        if address.parent in galleries:
            removed[address] = galleries[address.parent]
    return dict(sorted(removed.items(), key=address_sort_key))


def _notices(context: PlanContext, gallery_plans: Sequence[GalleryPlan]) -> Iterator[Notice]:
    found = [*context.moved_state.notices, *_bind_notices(context), *_target_notices(context)]
    for notice in (*found, *(notice for part in gallery_plans for notice in part.notices)):
        if notice.address is None or context.in_scope(notice.address):
            yield notice


def _bind_notices(context: PlanContext) -> Iterator[Notice]:
    """Galleries that were found, but not as the manifest or state has them."""
    for gallery in context.desired.galleries:
        live = context.matches.live.get(gallery.address)
        known = context.state.ids.get(gallery.address)
        if live is None or live.id == known == (gallery.bind.id or known):
            continue
        if gallery.bind.id and live.id != gallery.bind.id:
            message = f"the site has no gallery {gallery.bind.id}; state knows it as {live.id}: correct bind.id"
            yield Notice(address=gallery.address, message=message)
        elif known and live.id != known:
            message = (
                f"taken to be {live.id} by {context.matches.matched_by[gallery.address]}; state knew it as {known}"
            )
            yield Notice(address=gallery.address, message=message)


def _target_notices(context: PlanContext) -> Iterator[Notice]:
    """Targets for which nothing can be done."""
    for target in context.options.targets:
        if target.item is not None and target.parent not in context.protect_by_address and target in context.state.ids:
            message = f"no manifest names its gallery, so it only goes together with that: target {target.parent}"
            yield Notice(address=target, message=message)
