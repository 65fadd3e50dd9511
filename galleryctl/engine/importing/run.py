"""Write live galleries as manifests and record the matches in state, so that the next plan is empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from galleryctl.engine.gather import gather_all
from galleryctl.engine.importing.destination import existing_manifest_text, manifest_path
from galleryctl.engine.importing.keys import SiteManifests, desired_subset, gallery_keys, item_keys
from galleryctl.engine.importing.select import GallerySelector, free_key, select_gallery
from galleryctl.engine.refresh.fetch import read_galleries, read_items, read_unknown_files
from galleryctl.engine.site import LoadedState, Site, save_state
from galleryctl.engine.staleness import apply_findings
from galleryctl.engine.state.load import load_complete_state
from galleryctl.manifest.files.atomic_write import write_text_atomically
from galleryctl.manifest.files.symlinks import ensure_inside
from galleryctl.manifest.files.tree import WorkspaceFiles
from galleryctl.manifest.load import read_manifest
from galleryctl.manifest.write.update import ManifestText, render_manifest
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.errors import InvalidInput
from galleryctl.model.live import LiveGallery, SiteSnapshot
from galleryctl.plan.identity.galleries import identify_galleries
from galleryctl.plan.identity.identify import identify
from galleryctl.plan.identity.known import match_known_items
from galleryctl.plan.make import PlanOptions, make_plan
from galleryctl.plan.ordering.display import in_display_order
from galleryctl.plan.resources import item_title


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
    left_out: tuple[str, ...] = ()
    """Titles, or else ids, of the live items that a manifest cannot declare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """A manifest that was written, or would be in a dry run."""

    draft: Draft
    removed: tuple[str, ...] = ()
    """Keys in the previous manifest whose items no longer exist in the gallery."""
    changes: int = 0
    """The number of changes in the next plan of the gallery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """The manifests that an import will write, with the state and the site that they were made from."""

    loaded: LoadedState
    galleries: tuple[LiveGallery, ...]
    drafts: tuple[Draft, ...]


async def draft_gallery(
    site: Site, site_manifests: SiteManifests, selector: GallerySelector, out: Path | None
) -> ImportPlan:
    """Draft the manifest of the selected gallery, for the file `out` or its default path.

    Raises MatchError unless exactly one gallery fits, Refused if the file or the key belongs to another gallery.
    """
    loaded = await load_complete_state(site)
    galleries = await read_galleries(site.client)
    keys = gallery_keys(site_manifests.desired, galleries, loaded.bindings)
    live, key = select_gallery(galleries, keys, selector)
    is_managed = keys.get(live.id) == key
    draft = await _create_draft(site, site_manifests, loaded.bindings, live, key, out=out, is_managed=is_managed)
    return ImportPlan(loaded=loaded, galleries=galleries, drafts=(draft,))


async def draft_unmanaged(site: Site, site_manifests: SiteManifests) -> ImportPlan:
    """Draft the manifests of all unmanaged galleries, with keys made from their names."""
    loaded = await load_complete_state(site)
    galleries = await read_galleries(site.client)
    keys = gallery_keys(site_manifests.desired, galleries, loaded.bindings)
    taken = {*keys.values(), *(a.gallery for a in loaded.bindings.ids)}
    taken |= {gallery.address.gallery for gallery in site_manifests.desired.galleries}
    unmanaged: dict[str, LiveGallery] = {}
    for gallery in galleries:
        if gallery.id not in keys:
            key = free_key(gallery, taken)
            taken.add(key)
            unmanaged[key] = gallery
    drafts = await gather_all(
        _create_draft(site, site_manifests, loaded.bindings, live, key, out=None, is_managed=False)
        for key, live in unmanaged.items()
    )
    return ImportPlan(loaded=loaded, galleries=galleries, drafts=tuple(drafts))


async def write_drafts(site: Site, site_manifests: SiteManifests, import_plan: ImportPlan) -> tuple[ImportResult, ...]:
    """Write the manifests, then record their matches in state; the caller holds the lock."""
    bindings = import_plan.loaded.bindings
    imported: list[ImportResult] = []
    for draft in import_plan.drafts:
        ensure_inside(site.root, draft.path)
    for draft in import_plan.drafts:
        write_text_atomically(draft.path, draft.manifest.text)
        if draft.file is None:
            imported.append(ImportResult(draft=draft))
            continue
        bindings, result = await _record_bindings(site, site_manifests, import_plan.galleries, bindings, draft)
        imported.append(result)
    if bindings != import_plan.loaded.state.bindings:
        save_state(site, import_plan.loaded.state, bindings)
    return tuple(imported)


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
    existing = existing_manifest_text(site_manifests, path, key, live, is_managed=is_managed)
    live = await read_items(site.client, live)
    items = tuple(in_display_order(live.items or (), site_manifests.item_order))
    live = replace(live, items=items)
    keys = await item_keys(site.client, site_manifests, key, live, bindings)
    applied = {address.item for address in bindings.ids if address.gallery == key and address.item}
    text = render_manifest(key, live, keys, existing, applied_keys=applied)
    left_out = tuple(item_title(item) or item.id for item in items if item.id not in text.keys)
    return Draft(key=key, live=live, path=path, file=file, manifest=text, left_out=left_out)


async def _record_bindings(
    site: Site, site_manifests: SiteManifests, galleries: Sequence[LiveGallery], bindings: Bindings, draft: Draft
) -> tuple[Bindings, ImportResult]:
    """Return the bindings with the matches of a manifest that was just written, and the result of its import."""
    address, live = Address(draft.key), draft.live
    manifest = read_manifest(
        site_manifests.config, draft.file or "", WorkspaceFiles(site_manifests.config.root), site=site_manifests.site
    )
    if manifest.problems or manifest.gallery is None:
        raise InvalidInput(manifest.problems)
    pairs = {address: live.id, **{Address(draft.key, k): id_ for id_, k in draft.manifest.keys.items()}}
    taken = set(pairs.values())
    ids = {a: id_ for a, id_ in bindings.ids.items() if a in pairs or id_ not in taken}
    bindings = replace(bindings, ids={**ids, **pairs})
    desired = desired_subset(site_manifests, (manifest.gallery,))
    with_items = tuple(live if gallery.id == live.id else gallery for gallery in galleries)
    known = match_known_items(desired, with_items, bindings, identify_galleries(desired, with_items, bindings))
    files = await read_unknown_files(site.client, known)
    snapshot = SiteSnapshot(site_id=site.site_id, galleries=with_items, files=files)
    plan = make_plan(desired, snapshot, identify(known, files), options=PlanOptions(targets=(address,)))
    previous = site_manifests.manifest(draft.key)
    previous_items = previous.gallery.items if previous and previous.gallery else ()
    remaining = {item.address for item in manifest.gallery.items}
    removed = tuple(item.address.item or "" for item in previous_items if item.address not in remaining)
    return apply_findings(bindings, plan), ImportResult(draft=draft, removed=removed, changes=len(plan.changes))
