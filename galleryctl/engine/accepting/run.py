"""Accept drift: read the site, write its version into the manifests, and check that the next plan has no drift."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from galleryctl.engine.accepting.gallery import Accepted, LiveSide, accept_gallery, final_order, is_edited, is_moved
from galleryctl.engine.importing.ownership import skipped_items
from galleryctl.engine.importing.unapplied import named_values
from galleryctl.engine.manifest_texts import ManifestTexts
from galleryctl.engine.site import PlanResult, Site, plan_site
from galleryctl.engine.state.load import load_complete_state
from galleryctl.manifest.files.atomic_write import read_text, replace_texts
from galleryctl.manifest.files.symlinks import ensure_inside
from galleryctl.manifest.load import Manifest
from galleryctl.manifest.workspace import WorkspaceConfig
from galleryctl.manifest.write.expand import expand_patterns, pattern_addresses
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import DesiredGallery
from galleryctl.model.errors import StaleError
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.tolerated import POSITION_FIELD
from galleryctl.plan.changes import Action, Change, Plan
from galleryctl.plan.identity.moved import AddressMoves
from galleryctl.plan.make import PlanOptions
from galleryctl.plan.ordering.display import in_display_order
from galleryctl.plan.targets import is_targeted
from galleryctl.plan.tolerate import tolerated_addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedFile:
    """A manifest before and after drift was accepted."""

    gallery: str
    file: str
    before: str
    after: str
    taken: tuple[str, ...] = ()
    """The values that are those of the site now: `KEY NAME`, or `name` or `order` of the gallery."""
    removed: tuple[str, ...] = ()
    """The keys of the entries whose items are gone from the site."""
    added: tuple[str, ...] = ()
    """The keys of the entries of items that people added."""
    expanded: int = 0
    """The number of entries that replaced `from:`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftDrift:
    """Drift that was not accepted, and why."""

    address: Address
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """The manifests that change, and what is left for the next plan."""

    files: tuple[AcceptedFile, ...] = ()
    left: tuple[LeftDrift, ...] = ()
    pending: int = 0
    """The number of changes of the manifests that are not applied yet."""
    tolerated: int = 0
    """The number of tolerated differences."""
    unmanaged: int = 0
    """The number of items that people added and that were not taken."""


async def accept_drift(
    site: Site, config: WorkspaceConfig, site_name: str, options: PlanOptions, *, added: bool, dry_run: bool
) -> Acceptance:
    """Write the site's version of what drifted into the manifests: all of them, or in case of an error none.

    `options` are those of a plan that is only displayed, with the targets; `added` also takes the items that people added.
    What is tolerated is not drift, unless a target is the very address: a pattern, or the gallery of an item, is not.
    Neither the site nor the state is written. Raises MatchError, InvalidInput, StaleError, StateError and ApiError.
    """
    if added:
        await load_complete_state(site)  # what an interrupted run created would look like somebody else's
    manifests = ManifestTexts(config, site_name, options.targets)
    planned = await plan_site(site, manifests.desired, options)
    files = tuple(_drafts(manifests, planned, added=added))
    desired = manifests.with_texts({each.file: each.after for each in files})
    after = await plan_site(site, desired, options) if files else planned
    if (after.loaded.state.lineage, after.loaded.state.serial) != (
        planned.loaded.state.lineage,
        planned.loaded.state.serial,
    ):
        raise StaleError("another run changed the state meanwhile; nothing was written", do="run the command again")
    if not dry_run:
        replace_texts({ensure_inside(site.root, site.root / f.file): (f.before, f.after) for f in files})
    plan = after.plan
    return Acceptance(
        files=files,
        left=tuple(_left(plan)),
        pending=len(plan.changes) - len(plan.drift),
        tolerated=plan.tolerated_differences,
        unmanaged=plan.unmanaged,
    )


def _drafts(manifests: ManifestTexts, planned: PlanResult, *, added: bool) -> Iterator[AcceptedFile]:
    """Yield the manifests that change."""
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
            draft = _draft(manifests, manifest, side, accepted)
            if draft.after != draft.before:
                yield draft


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


def _draft(manifests: ManifestTexts, manifest: Manifest, side: LiveSide, accepted: Accepted) -> AcceptedFile:
    before = text = read_text(manifests.config.root / manifest.file)
    reread = manifests.reread(manifest.file)
    expanded, gallery = 0, manifest.gallery
    if gallery is not None and _needs_entries(pattern_addresses(text, manifest), side, accepted):
        expansion = expand_patterns(text, manifest, reread, final_order(gallery, side, accepted))
        text, expanded, gallery = expansion.text, expansion.entries, reread(expansion.text).gallery
    if gallery is None:
        raise AssertionError(f"{manifest.file} was read before")
    by_site = len(manifests.config.sites) > 1
    rendered = accept_gallery(text, gallery, side, accepted, site=manifests.site, by_site=by_site)
    taken = [*named_values(rendered.updated, rendered.keys), *(["order"] if accepted.moved else [])]
    return AcceptedFile(
        gallery=gallery.address.gallery,
        file=manifest.file,
        before=before,
        after=rendered.text,
        taken=tuple(dict.fromkeys(taken)),
        removed=rendered.removed,
        added=tuple(rendered.keys[item.id] for item in accepted.added if item.id in rendered.keys),
        expanded=expanded,
    )


def _needs_entries(patterns: frozenset[Address], side: LiveSide, accepted: Accepted) -> bool:
    """Return True if the changes cannot be written while `from:` declares the items `patterns`."""
    if not patterns:
        return False
    if accepted.moved or any(is_edited(change) and change.address in patterns for change in accepted.changes):
        return True
    # The place of a new item can be written between entries only, or at the end.
    added = {item.id for item in accepted.added}
    managed = {*side.bindings.ids.values()}
    shown = [item.id for item in side.live.loaded_items if item.id in added or item.id in managed]
    last = max((index for index, id_ in enumerate(shown) if id_ in managed), default=0)
    return any(id_ in added for id_ in shown[:last])


def _left(plan: Plan) -> Iterator[LeftDrift]:
    gone = {c.address for c in plan.drift if c.action is Action.CREATE and c.address.item is None}
    for change in plan.drift:
        if change.address in gone:
            why = "the gallery is gone from the site: delete its manifest, or create it again (apply --allow-recreate)"
            yield LeftDrift(address=change.address, why=why)
        elif change.address.parent in gone:
            continue
        elif change.action is Action.DELETE:
            why = (
                f"{change.name or change.id} was added on the site, and its gallery has unmanaged: delete; use --added"
            )
            yield LeftDrift(address=change.address, why=why)
        elif is_moved(change) and not is_edited(change):
            why = "another item has the same sort order on the site, or it was moved again meanwhile: an apply moves it"
            yield LeftDrift(address=change.address, why=why)
        else:
            why = (
                "its value comes from the environment, or a manifest cannot have it, or it was changed again meanwhile"
            )
            yield LeftDrift(address=change.address, why=why)
