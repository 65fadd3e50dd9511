"""Accept drift: read the site, write its version into the manifests, and check that the next plan has no drift."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from galleryctl.engine.accepting.gallery import Accepted, LiveSide, accept_gallery, final_order, is_edited, is_moved
from galleryctl.engine.importing.ownership import skipped_items
from galleryctl.engine.manifest_texts import ManifestTexts
from galleryctl.engine.rewriting import (
    READING,
    WRITING,
    LeftChange,
    RewrittenManifest,
    rewrite,
    stay_together,
    why_invalid,
    why_not_written,
    write_manifests,
)
from galleryctl.engine.site import PlanResult, Site, plan_site
from galleryctl.engine.state.load import load_complete_state
from galleryctl.manifest.load import Manifest
from galleryctl.manifest.workspace import WorkspaceConfig
from galleryctl.manifest.write.representable import source_text
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired, DesiredGallery, DesiredItem
from galleryctl.model.errors import InvalidInput, StaleError
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.tolerated import POSITION_FIELD
from galleryctl.plan.changes import Action, Change
from galleryctl.plan.identity.moved import AddressMoves
from galleryctl.plan.leaves import field_of
from galleryctl.plan.make import PlanOptions
from galleryctl.plan.ordering.display import in_display_order
from galleryctl.plan.targets import is_targeted
from galleryctl.plan.tolerate import tolerated_addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """The manifests that change, and what is left for the next plan."""

    files: tuple[RewrittenManifest, ...] = ()
    left: tuple[LeftChange, ...] = ()
    pending: int = 0
    """The number of changes of the manifests that are not applied yet."""
    tolerated: int = 0
    """The number of tolerated differences."""
    unmanaged: int = 0
    """The number of items that people added and that were not taken."""
    undeclared: int = 0
    """The number of items that people may have edited in fields that no manifest declares."""


async def accept_drift(
    site: Site, config: WorkspaceConfig, site_name: str, options: PlanOptions, *, added: bool, dry_run: bool
) -> Acceptance:
    """Write the site's version of what drifted into the manifests: all of them, or in case of an error none.

    `options` are those of a plan that is only displayed, with the targets; `added` also takes the items that people added.
    What is tolerated is not drift, unless a target is the very address: a pattern, or the gallery of an item, is not.
    Where a list of entries cannot be rearranged with its comments, the values of its entries are accepted alone.
    Neither the site nor the state is written. Raises MatchError, InvalidInput, StaleError, StateError and ApiError.
    """
    if added:
        await load_complete_state(site)  # what an interrupted run created would look like somebody else's
    with site.client.waits.during(READING):
        manifests = ManifestTexts(config, site_name, options.targets)
    planned = await plan_site(site, manifests.desired, options)
    failed: dict[Address, _Failure] = {}
    with site.client.waits.during(WRITING):
        files = tuple(_drafts(manifests, planned, failed, added=added))
        desired = manifests.with_texts({each.file: each.after for each in files})
    after = await plan_site(site, desired, options) if files else planned
    if (after.loaded.state.lineage, after.loaded.state.serial) != (
        planned.loaded.state.lineage,
        planned.loaded.state.serial,
    ):
        raise StaleError("another run changed the state meanwhile; nothing was written", do="run the command again")
    if not dry_run:
        write_manifests(manifests, files)
    plan = after.plan
    return Acceptance(
        files=files,
        left=tuple(_left(after, desired, failed)),
        pending=len(plan.changes) - len(plan.drift),
        tolerated=plan.tolerated_differences,
        unmanaged=plan.unmanaged,
        undeclared=plan.undeclared,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failure:
    """Why not everything of a gallery can be written; `added` is True if that includes new items."""

    why: str
    added: bool


def _drafts(
    manifests: ManifestTexts, planned: PlanResult, failed: dict[Address, _Failure], *, added: bool
) -> Iterator[RewrittenManifest]:
    """Yield the manifests that change; `failed` gets the galleries of which not everything can be written, and why."""
    plan, snapshot = planned.plan, planned.fetched.snapshot
    renamed = AddressMoves(addresses=plan.moves).renamed(planned.fetched.bindings)
    bindings = replace(renamed, ids={**renamed.without(plan.forget).ids, **plan.ids})
    by_id = {gallery.id: gallery for gallery in snapshot.galleries}
    fixed = tolerated_addresses(plan.tolerated, POSITION_FIELD)
    for manifest in manifests.all.values():
        gallery = manifest.gallery
        live = by_id.get(bindings.ids.get(gallery.address, "")) if gallery else None
        if gallery is None or live is None or live.items is None:
            continue
        live = replace(live, items=tuple(in_display_order(live.items, plan.item_order)))
        side = LiveSide(live=live, bindings=bindings)
        is_whole = is_targeted(gallery.address, plan.targets)
        accepted = Accepted(
            changes=tuple(c for c in plan.drift if gallery.address.covers(c.address) and _can_be_taken(c)),
            added=_added_items(gallery, live, renamed, bindings) if added and is_whole else (),
            whole_order=is_whole,
            fixed=frozenset(a.item or "" for a in fixed if a.parent == gallery.address),
        )
        if accepted.changes or accepted.added:
            for part in (accepted, accepted.values):
                try:
                    draft = _draft(manifests, manifest, gallery, side, part)
                except InvalidInput as error:
                    failure = _Failure(why=why_invalid(error), added=bool(accepted.added))
                    failed.setdefault(gallery.address, failure)
                else:
                    if draft.is_changed:
                        yield draft
                    break


def _can_be_taken(change: Change) -> bool:
    return change.action in (Action.UPDATE, Action.REPLACE) or (
        change.action is Action.CREATE and change.address.item is not None
    )


def _added_items(gallery: DesiredGallery, live: LiveGallery, before: Bindings, after: Bindings) -> tuple[LiveItem, ...]:
    """Return the items that people added, and that the manifest may declare.

    `before` is the state and `after` the state after an apply, which may end the management of items.
    """
    left_out = {item.id for item in skipped_items(before, gallery, live.loaded_items)}
    left_out |= {*before.ids.values(), *after.ids.values()}
    return tuple(item for item in live.loaded_items if item.id not in left_out)


def _draft(
    manifests: ManifestTexts, manifest: Manifest, gallery: DesiredGallery, side: LiveSide, accepted: Accepted
) -> RewrittenManifest:
    by_site = len(manifests.config.sites) > 1
    order = final_order(gallery, side, accepted)
    edited = {change.address.item for change in accepted.changes if is_edited(change)}
    return rewrite(
        manifests,
        manifest,
        needs_entries=lambda keys: not edited.isdisjoint(keys) or not stay_together(keys, order),
        order=order,
        render=lambda text, declared, patterns: accept_gallery(
            text, declared, side, accepted, patterns=patterns, site=manifests.site, by_site=by_site
        ),
    )


def _left(after: PlanResult, desired: Desired, failed: Mapping[Address, _Failure]) -> Iterator[LeftChange]:
    """Yield the drift that the manifests would still have, and the galleries whose new items they do not have."""
    drift = after.plan.drift
    gone = {c.address for c in drift if c.action is Action.CREATE and c.address.item is None}
    entries = {item.address: item for gallery in desired.galleries for item in gallery.items}
    items = {item.id: item for gallery in after.fetched.snapshot.galleries for item in gallery.items or ()}
    for change in drift:
        if change.address.parent not in gone or change.address in gone:
            entry, item = entries.get(change.address), items.get(change.id or "")
            for why in _reasons(change, entry, item, _why_failed(change.address, failed)):
                yield LeftChange(address=change.address, why=why)
    for address, failure in failed.items():
        if failure.added:
            yield LeftChange(address=address, why=f"items that people added: {failure.why}")


def _why_failed(address: Address, failed: Mapping[Address, _Failure]) -> str:
    return failed[address.parent].why if address.parent in failed else ""


def _reasons(change: Change, entry: DesiredItem | None, item: LiveItem | None, failed: str) -> Collection[str]:
    """Return why a change was not accepted; `failed` is why not everything of the gallery was."""
    if change.action is Action.CREATE and change.address.item is None:
        return ("the gallery is gone from the site: delete its manifest, or create it again (apply --allow-recreate)",)
    if change.action is Action.DELETE:
        added = change.name or change.id
        return (failed or f"{added} was added on the site, and its gallery has unmanaged: delete; use --added",)
    if is_moved(change) and not is_edited(change):
        return (failed or "another item has the same sort order on the site: an apply moves it",)
    reasons = list[str]()
    if entry is not None and item is not None:
        paths = (field_of(part.path) for part in change.fields if part.cause.is_drift)
        reasons += [why_not_written(entry, name, item) for name in paths]
        if source_text(item) is None:
            reasons.append(f"{item.kind}: a manifest cannot have the value")
    return [*dict.fromkeys(filter(None, reasons))] or (failed or "it was changed again meanwhile",)
