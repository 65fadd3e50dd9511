"""Write live galleries as manifests. The next apply adopts their items: ownership begins with it, not with the import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from galleryctl.engine.gather import gather_all
from galleryctl.engine.importing.destination import existing_manifest, manifest_path, schema_line
from galleryctl.engine.importing.keys import SiteManifests, desired_subset, gallery_keys, item_keys, moved_bindings
from galleryctl.engine.importing.originals import Downloads
from galleryctl.engine.importing.ownership import (
    NOTHING_UNDECLARABLE,
    Skipped,
    Undeclarable,
    check_adopt_lines,
    ended_reason,
    gallery_ended_reason,
    known_keys,
    no_manifest,
    released_gallery,
    skipped_items,
    undeclarable_items,
)
from galleryctl.engine.importing.select import GallerySelector, free_key, select_gallery
from galleryctl.engine.importing.unapplied import keep_unapplied, named_values
from galleryctl.engine.refresh.fetch import read_unknown_files
from galleryctl.engine.refresh.listing import read_galleries, read_items
from galleryctl.engine.site import LoadedState, Site
from galleryctl.engine.state.load import load_complete_state, read_state
from galleryctl.manifest.files.atomic_write import write_text_atomically
from galleryctl.manifest.files.symlinks import ensure_inside
from galleryctl.manifest.files.tree import WorkspaceFiles
from galleryctl.manifest.load import read_manifest
from galleryctl.manifest.write.update import ManifestText, render_manifest
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.errors import InvalidInput, Refused, StaleError
from galleryctl.model.live import LiveGallery, LiveItem, SiteSnapshot
from galleryctl.plan.identity.galleries import identify_galleries
from galleryctl.plan.identity.identify import identify
from galleryctl.plan.identity.known import match_known_items
from galleryctl.plan.make import PlanOptions, make_plan
from galleryctl.plan.ordering.display import in_display_order


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A manifest that is not written yet."""

    key: str
    live: LiveGallery
    """With its items, in display order."""
    path: Path
    file: str | None
    """The path relative to the workspace; None if no `galleries:` pattern matches it."""
    manifest: ManifestText
    undeclarable: Undeclarable = NOTHING_UNDECLARABLE
    skipped: tuple[Skipped, ...] = ()
    """The live items that are not imported."""
    taken: tuple[str, ...] = ()
    """The values of the previous manifest that are those of the site now: `KEY NAME`, or `name` of the gallery."""
    kept: tuple[str, ...] = ()
    """The values of the manifest that are not applied yet, and were kept."""
    undeclared: tuple[str, ...] = ()
    """The keys of the items that state has and the previous manifest did not declare: an apply of it deletes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """A manifest that was written, or would be in a dry run."""

    draft: Draft
    changes: int = 0
    """The number of changes to the site in the next plan of the gallery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """The results of an import, and the unmanaged galleries that were left out."""

    results: tuple[ImportResult, ...]
    skipped: tuple[Skipped, ...] = ()
    downloads: Downloads | None = None
    """The originals, if they were to be downloaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """The manifests that an import will write, with the state and the site that they were made from."""

    bindings: Bindings
    """The state under the addresses after `moved` entries."""
    galleries: tuple[LiveGallery, ...]
    drafts: tuple[Draft, ...]
    skipped: tuple[Skipped, ...] = ()
    """The unmanaged galleries that are not imported."""

    @property
    def report(self) -> ImportReport:
        """Return the report of a dry run."""
        return ImportReport(results=tuple(ImportResult(draft=draft) for draft in self.drafts), skipped=self.skipped)


async def draft_gallery(
    site: Site, site_manifests: SiteManifests, selector: GallerySelector, out: Path | None
) -> ImportPlan:
    """Draft the manifest of the selected gallery, for the file `out` or its default path.

    Raises MatchError unless exactly one gallery fits, Refused if the file or the key belongs to another gallery.
    """
    loaded = await load_complete_state(site)
    bindings = moved_bindings(site_manifests, loaded.bindings)
    galleries = await read_galleries(site.client)
    keys = gallery_keys(site_manifests.desired, galleries, bindings)
    live, key = select_gallery(galleries, keys, selector, _unapplied_manifests(site_manifests, bindings))
    for ended in (Address(key), released_gallery(bindings, live.id)):
        if ended and (at := site_manifests.config.removed.get(ended)):
            raise Refused(
                f"the management of gallery {ended} ended with removed:",
                where=at,
                do=f"to manage it again, take {ended} out of removed: first",
            )
    is_managed = keys.get(live.id) == key
    draft = await _create_draft(site, site_manifests, bindings, live, key, out=out, is_managed=is_managed)
    _check_unchanged(site, loaded)
    return ImportPlan(bindings=bindings, galleries=galleries, drafts=(draft,))


def _unapplied_manifests(site_manifests: SiteManifests, bindings: Bindings) -> Mapping[str, str]:
    """Return key → file of the manifests whose gallery is not in state."""
    declared = ((m.gallery.address, m.file) for m in site_manifests.manifests if m.gallery is not None)
    return {address.gallery: file for address, file in declared if address not in bindings.ids}


async def draft_unmanaged(site: Site, site_manifests: SiteManifests) -> ImportPlan:
    """Draft the manifests of all unmanaged galleries, with keys made from their names."""
    loaded = await load_complete_state(site)
    bindings = moved_bindings(site_manifests, loaded.bindings)
    galleries = await read_galleries(site.client)
    keys = gallery_keys(site_manifests.desired, galleries, bindings)
    taken = {*keys.values(), *(a.gallery for a in bindings.ids)}
    taken |= {gallery.address.gallery for gallery in site_manifests.desired.galleries}
    removed = site_manifests.config.removed
    managed_keys = frozenset(taken)
    taken |= {address.gallery for address in removed if bindings.released.get(address)}
    unmanaged: dict[str, LiveGallery] = {}
    skipped: list[Skipped] = []
    for gallery in galleries:
        if gallery.id in keys:
            continue
        key = free_key(gallery, taken)
        taken.add(key)
        ended = released_gallery(bindings, gallery.id) or (Address(key) if Address(key) in removed else None)
        if ended:
            is_free = ended.gallery not in managed_keys
            why = gallery_ended_reason(ended.gallery, gallery.id, is_listed=ended in removed, is_free=is_free)
            skipped.append(Skipped(id=gallery.id, title=gallery.name, why=why))
        else:
            unmanaged[key] = gallery
    drafts = await gather_all(
        _create_draft(site, site_manifests, bindings, live, key, out=None, is_managed=False)
        for key, live in unmanaged.items()
    )
    _check_unchanged(site, loaded)
    return ImportPlan(bindings=bindings, galleries=galleries, drafts=tuple(drafts), skipped=tuple(skipped))


async def write_drafts(site: Site, site_manifests: SiteManifests, import_plan: ImportPlan) -> ImportReport:
    """Write the manifests, and count the changes that they leave. Nothing else is written: no state, no site."""
    for draft in import_plan.drafts:
        ensure_inside(site.root, draft.path)
    for draft in import_plan.drafts:
        head = "" if draft.path.exists() else schema_line(site.root, draft.path)
        write_text_atomically(draft.path, head + draft.manifest.text)
    results = [
        ImportResult(draft=draft, changes=await _count_changes(site, site_manifests, import_plan, draft))
        for draft in import_plan.drafts
    ]
    return ImportReport(results=tuple(results), skipped=import_plan.skipped)


async def _create_draft(
    site: Site,
    site_manifests: SiteManifests,
    bindings: Bindings,
    live: LiveGallery,
    key: str,
    *,
    out: Path | None,
    is_managed: bool,
) -> Draft:
    path, file = manifest_path(site_manifests, key, out)
    existing = existing_manifest(site_manifests, path, key, live, is_managed=is_managed)
    manifest, text = existing or (None, None)
    gallery = (manifest and manifest.gallery) or no_manifest(key)
    live = await read_items(site.client, live)
    live = replace(live, items=tuple(in_display_order(live.items or (), site_manifests.item_order)))
    check_adopt_lines(bindings, gallery, live.loaded_items)
    skipped = skipped_items(bindings, gallery, live.loaded_items)
    left_out = {item.id for item in skipped}
    ours = replace(live, items=tuple(item for item in live.loaded_items if item.id not in left_out))
    manifests = replace(site_manifests, manifests=(manifest,)) if manifest else site_manifests
    matched = await item_keys(site.client, manifests, key, ours, bindings)
    known = known_keys(bindings, gallery, ours.loaded_items, matched.keys)
    unapplied = keep_unapplied(gallery, ours, matched.keys, bindings, matched.files)
    merged = replace(ours, items=unapplied.items)
    by_site = len(site_manifests.config.sites) > 1
    rendered = render_manifest(
        key, merged, known, text, site=site_manifests.site, by_site=by_site, kept=unapplied.kept, file=gallery.at.file
    )
    written = {*rendered.updated, *unapplied.kept.items}
    kept = {id_: names for id_, names in unapplied.values.items() if id_ in written}
    return Draft(
        key=key,
        live=live,
        path=path,
        file=file,
        manifest=rendered,
        undeclarable=undeclarable_items(merged.loaded_items, known, rendered),
        skipped=(*skipped, *_ended_items(ours.loaded_items, rendered)),
        taken=tuple(named_values(rendered.updated, rendered.keys)),
        kept=tuple(named_values(kept, rendered.keys)),
        undeclared=tuple(sorted(known.undeclared.intersection(rendered.keys.values()))) if text else (),
    )


def _ended_items(items: Sequence[LiveItem], rendered: ManifestText) -> tuple[Skipped, ...]:
    ended = rendered.ended
    return tuple(Skipped.item(item, ended_reason(ended[item.id], item.id)) for item in items if item.id in ended)


def _check_unchanged(site: Site, loaded: LoadedState) -> None:
    """Raise StaleError if a run changed the state meanwhile: what it created would look like somebody else's."""
    now = read_state(site)
    if now.pending or now.bindings.ids != loaded.bindings.ids:
        raise StaleError(
            "another run changed the state while the site was read; nothing was written",
            do="import again when that run has ended",
        )


async def _count_changes(site: Site, site_manifests: SiteManifests, import_plan: ImportPlan, draft: Draft) -> int:
    """Return how many changes to the site the manifest that was just written leaves, after its items are adopted."""
    if draft.file is None:
        return 0
    address, live = Address(draft.key), draft.live
    manifest = read_manifest(
        site_manifests.config, draft.file, WorkspaceFiles(site_manifests.config.root), site=site_manifests.site
    )
    if manifest.problems or manifest.gallery is None:
        raise InvalidInput(manifest.problems)
    bindings = import_plan.bindings
    pairs = {address: live.id, **{Address(draft.key, k): id_ for id_, k in draft.manifest.keys.items()}}
    taken = set(pairs.values())
    ids = {a: id_ for a, id_ in bindings.ids.items() if a in pairs or id_ not in taken}
    bindings = replace(bindings, ids={**ids, **pairs})
    desired = desired_subset(site_manifests, (manifest.gallery,))
    with_items = tuple(live if gallery.id == live.id else gallery for gallery in import_plan.galleries)
    known = match_known_items(desired, with_items, bindings, identify_galleries(desired, with_items, bindings))
    files = await read_unknown_files(site.client, known)
    snapshot = SiteSnapshot(site_id=site.site_id, galleries=with_items, files=files)
    return len(make_plan(desired, snapshot, identify(known, files), options=PlanOptions(targets=(address,))).changes)
