"""The plan of a site, from desired and live resources and the state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import chain

from galleryctl.model.address import Address
from galleryctl.model.desired import Desired
from galleryctl.model.last_applied import Origin
from galleryctl.model.live import SiteSnapshot
from galleryctl.model.tolerated import ITEM_FIELD
from galleryctl.plan import guards, state_changes
from galleryctl.plan.changes import Action, Change, MatchedBy, Notice, Plan, Refusal
from galleryctl.plan.context import DEFAULT_PLAN_OPTIONS, PlanContext, PlanOptions
from galleryctl.plan.gallery import (
    DESTROY_REASON,
    GONE_REASON,
    GalleryPlan,
    plan_gallery_create,
    plan_gallery_destroy,
    plan_gallery_update,
    plan_items_destroy,
)
from galleryctl.plan.identity.identify import Identity
from galleryctl.plan.identity.messages import guess_refusal
from galleryctl.plan.in_doubt import NONE_IN_DOUBT, CreatesInDoubt
from galleryctl.plan.limits import Losses, apply_approvals, limits_exceeded
from galleryctl.plan.ordering.reorder import OrderSource, assign_sort_orders
from galleryctl.plan.private_copies import private_copy_notices
from galleryctl.plan.resources import delete_change
from galleryctl.plan.sources import with_source_positions
from galleryctl.plan.targets import contains_target, filter_targeted, is_targeted
from galleryctl.plan.tolerate import NO_TOLERANCE, Tolerance, tolerated_addresses
from galleryctl.plan.tolerated_notices import effects_in_scope, tolerated_notice
from galleryctl.plan.unmanaged import NO_LONGER_DECLARED

__all__ = ["PlanOptions", "make_plan"]


def make_plan(
    desired: Desired,
    snapshot: SiteSnapshot,
    identity: Identity,
    *,
    options: PlanOptions = DEFAULT_PLAN_OPTIONS,
    lineage: str = "",
    serial: int = 0,
    in_doubt: CreatesInDoubt = NONE_IN_DOUBT,
    today: date | None = None,
) -> Plan:
    """Return the plan that makes the site match the manifests.

    `identity` is that of the resources in `snapshot`. The plan's `refusals` are the results of the safety checks.
    `in_doubt` are creates of earlier runs; `today` is the day in UTC, without which nothing is tolerated. The same
    arguments give the same plan: its new sort orders are random, but their seed is the version of the state. Raises
    MatchError if a target is unknown.
    """
    seed = f"{lineage} {serial}"
    tolerance = NO_TOLERANCE if today is None or options.destroy else Tolerance.build(desired.tolerated, today)
    context = PlanContext.build(
        desired, snapshot, identity, options, in_doubt=in_doubt, order_seed=seed, tolerance=tolerance
    )
    options = context.options  # with expanded targets
    gallery_plans = tuple(_plan_destroy(context) if options.destroy else _plan_galleries(context))
    changes = filter_targeted([change for plan in gallery_plans for change in plan.changes], options.targets)
    ids = {address: id_ for plan in gallery_plans for address, id_ in plan.ids.items()}
    found_media = {source: id_ for plan in gallery_plans for source, id_ in plan.media.items()}
    unchanged = {address for plan in gallery_plans for address in plan.unchanged}
    forget = frozenset(filter(context.covers, identity.forget))
    protected = state_changes.protected_addresses(context, forget)
    records = {address: record for plan in gallery_plans for address, record in plan.records.items()}
    tolerated = tuple(effects_in_scope(context, gallery_plans))
    of_fields = (change for plan in gallery_plans for change in plan.state_changes if context.in_scope(change.address))
    plan = Plan(
        site_id=snapshot.site_id,
        changes=changes,
        unchanged=sum(is_targeted(address, options.targets) for address in unchanged),
        moves=dict(identity.moves.addresses),
        ids={a: id_ for a, id_ in ids.items() if identity.state.ids.get(a) != id_ and context.in_scope(a)},
        media=state_changes.media_to_record(context, found_media, changes),
        protected=protected,
        forget=forget,
        released={address: id_ for address, id_ in identity.released.items() if context.covers(address)},
        records=state_changes.records_to_save(context, records),
        state_changes=(*state_changes.displayed_changes(context, ids, forget, protected), *of_fields),
        unmanaged=sum(plan.unmanaged for plan in gallery_plans),
        undeclared=sum(is_targeted(a, options.targets) for plan in gallery_plans for a in plan.undeclared),
        doubt_resolution=in_doubt.resolution,
        refusals=tuple(_refusals(context, gallery_plans, changes)),
        notices=(
            *map(tolerated_notice, tolerated),
            *_notices(context, gallery_plans),
            *private_copy_notices(changes, context.state.media),
        ),
        held=tuple(each for plan in gallery_plans for each in plan.held if context.covers(each.address)),
        tolerated=tolerated,
        item_order=desired.item_order,
        targets=tuple(sorted(options.targets)),
        lineage=lineage,
        serial=serial,
    )
    limits = tuple(_limit_refusals(context, plan, ids))
    plan = apply_approvals(plan, limits, desired.approvals, identity.original_state.approvals)
    return with_source_positions(plan, desired.galleries)


def _plan_galleries(context: PlanContext) -> Iterator[GalleryPlan]:
    """Yield the plan of each manifest's gallery, then the deletes of orphaned galleries."""
    galleries, orders = context.identity.galleries, _gallery_orders(context)
    for gallery in context.desired.galleries:
        address = gallery.address
        if items := context.identity.items.get(address):
            yield plan_gallery_update(
                gallery,
                items,
                galleries.matched_by[address],
                files=context.snapshot.files,
                item_order=context.desired.item_order,
                targets=context.options.targets,
                source=context.order_source(address),
                in_doubt=context.in_doubt.items_of(address),
                tolerance=context.tolerance,
            )
        else:
            reason = GONE_REASON if address in galleries.missing else ""
            source = context.order_source(address)
            created = plan_gallery_create(gallery, orders[address], context.desired.item_order, source, reason=reason)
            yield created if context.options.has_pages else replace(created, notices=())
    yield from _delete_orphaned_galleries(context, NO_LONGER_DECLARED)


def _gallery_orders(context: PlanContext) -> Mapping[Address, float]:
    """Return the sort order of each gallery to create: the one that was sent, if an earlier run may have created it."""
    sent = {address: order for address, order in context.in_doubt.sort_orders.items() if address.item is None}
    to_create = [g.address for g in context.desired.galleries if g.address not in context.identity.galleries.ids]
    others = [address for address in to_create if address not in sent]
    live = (gallery.sort_order for gallery in context.snapshot.galleries)
    source = OrderSource(seed=f"{context.order_seed} galleries", reserved=tuple(sent.values()))
    new = assign_sort_orders([None] * len(others), live, source=source)
    return {**sent, **{address: new[i] for i, address in enumerate(others)}}


def _plan_destroy(context: PlanContext) -> Iterator[GalleryPlan]:
    """Yield the deletes of all galleries, or of items only if the targets are items."""
    for gallery in context.desired.galleries:
        address = gallery.address
        items = context.identity.items.get(address)
        if items is None:
            continue
        if is_targeted(address, context.options.targets):
            yield plan_gallery_destroy(gallery, items, context.identity.galleries.matched_by[address])
        elif contains_target(address, context.options.targets):
            yield plan_items_destroy(gallery, items)
    yield from _delete_orphaned_galleries(context, DESTROY_REASON)


def _delete_orphaned_galleries(context: PlanContext, reason: str) -> Iterator[GalleryPlan]:
    """Yield the deletes of galleries that are in state and have no manifest."""
    orphaned = context.identity.galleries.orphaned
    if not orphaned:
        return
    live = {gallery.id: gallery for gallery in context.snapshot.galleries}
    records = context.state.records
    restored = {a for a, record in records.items() if record.origin is Origin.RESTORED}
    managed = {*(id_ for a, id_ in context.state.ids.items() if a not in restored), *context.state.deposed}
    for address, id_ in orphaned.items():
        if is_targeted(address, context.options.targets):
            change = delete_change(address, live[id_], matched_by=MatchedBy.STATE, reason=reason)
            unmanaged = live[id_].item_count - sum(item.id in managed for item in live[id_].loaded_items)
            yield GalleryPlan(changes=(change,), unmanaged_items_lost={address: unmanaged})


def _refusals(
    context: PlanContext, gallery_plans: Sequence[GalleryPlan], changes: Sequence[Change]
) -> Iterator[Refusal]:
    options = context.options
    removed = _removed_by_address(context, changes)
    protected = {address for address, protect in context.protect_by_address.items() if protect}
    yield from guards.protected_removed(removed, context.state.protected | protected)
    lost = ((address, count) for plan in gallery_plans for address, count in plan.unmanaged_items_lost.items())
    yield from guards.unmanaged_items_lost({address: count for address, count in lost if address in removed})
    yield from guards.no_room_for_target(address for plan in gallery_plans for address in plan.blocking_items)
    yield from (
        refusal for refusal in context.in_doubt.refusals if not refusal.address or context.in_scope(refusal.address)
    )
    yield from guards.deletes_before_creates(changes, context.in_doubt.sort_orders)
    if options.destroy:
        return
    yield from _identity_refusals(context, gallery_plans, changes)
    if not options.allow_recreate:
        missing = context.identity.galleries.missing.items()
        yield from guards.missing_gallery({a: id_ for a, id_ in missing if contains_target(a, options.targets)})


def _limit_refusals(context: PlanContext, plan: Plan, ids: Mapping[Address, str]) -> Iterator[Refusal]:
    """Yield the refusals that an approval of the plan lifts."""
    options = context.options
    if options.destroy:
        return
    if not options.allow_empty:
        yield from guards.empty_manifest(context.desired, plan.changes, context.state.ids.keys())
    limit = options.max_delete_percent
    if limit is None:
        limit = context.desired.limits.max_delete_percent
    yield from limits_exceeded(_losses(context, plan, ids), limit)


def _losses(context: PlanContext, plan: Plan, ids: Mapping[Address, str]) -> Losses:
    galleries = context.snapshot.galleries
    live = {gallery.id for gallery in galleries} | {item.id for g in galleries for item in g.items or ()}
    in_state = {address for address, id_ in context.state.ids.items() if id_ in live}
    removals = _removed_by_address(context, plan.changes)
    removed = {address for address, change in removals.items() if address in in_state or address == change.address}
    return Losses(
        managed=(in_state - context.identity.forget.keys()) | ids.keys() | removed,
        removed=removed,
        cleared=frozenset(change.address for change in plan.changes if change.cleared),
    )


def _identity_refusals(
    context: PlanContext, gallery_plans: Sequence[GalleryPlan], changes: Sequence[Change]
) -> Iterator[Refusal]:
    """Yield the refusals because it is not certain which live resource an entry is, as far as targets need it."""
    identity, targets = context.identity, context.options.targets
    asked = {refusal.address for refusal in context.in_doubt.refusals}
    not_created = tolerated_addresses(chain.from_iterable(plan.tolerated for plan in gallery_plans), ITEM_FIELD)
    for refusal in identity.refusals:
        if refusal.address in asked | not_created:
            continue
        if refusal.address and is_targeted(refusal.address, targets):
            yield refusal
    yield from guards.unknown_removed(identity.unknown_removed, changes)
    if not context.options.adopt_guesses:
        for address in identity.items:
            guesses = identity.guesses(address) if address in identity.galleries.new else {}
            if guesses and contains_target(address, targets):
                yield guess_refusal(address, guesses)


def _removed_by_address(context: PlanContext, changes: Sequence[Change]) -> Mapping[Address, Change]:
    """Return the change that removes each resource; a deleted gallery removes its items in state and in its manifest."""
    removed = {
        change.address: change
        for change in changes
        if change.action in (Action.DELETE, Action.REPLACE) and not change.was_allowed
    }
    galleries = {address: change for address, change in removed.items() if address.item is None}
    for address in context.state.ids.keys() | context.protect_by_address.keys() if galleries else ():
        if address.parent in galleries:
            removed[address] = galleries[address.parent]
    return {address: removed[address] for address in sorted(removed)}


def _notices(context: PlanContext, gallery_plans: Sequence[GalleryPlan]) -> Iterator[Notice]:
    planned = chain.from_iterable(plan.notices for plan in gallery_plans)
    for notice in chain(context.identity.notices, _target_notices(context), planned):
        if notice.address is None or context.in_scope(notice.address):
            yield notice


def _target_notices(context: PlanContext) -> Iterator[Notice]:
    """Yield notices of targets that cannot be changed on their own."""
    for target in sorted(context.options.targets):
        if target.item is not None and target.parent not in context.protect_by_address and target in context.state.ids:
            message = f"no manifest declares its gallery, so only the gallery can be deleted: --target {target.parent}"
            yield Notice(address=target, message=message)
