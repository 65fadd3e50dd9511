"""Live galleries become manifests, and state learns their pairs, so that the plan right after is empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from galleryctl.engine.gather import gather_all
from galleryctl.engine.importing.destination import existing_manifest_text, manifest_path
from galleryctl.engine.importing.keys import SiteManifests, desired_subset, gallery_keys, item_keys
from galleryctl.engine.importing.select import GallerySelector, free_key, select_gallery
from galleryctl.engine.refresh.fetch import read_galleries, read_items
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
from galleryctl.plan.gallery import in_display_order
from galleryctl.plan.make import PlanOptions, make_plan
from galleryctl.plan.matching.match import files_to_look_up
from galleryctl.plan.resources import item_title


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A manifest that is not written yet."""

    key: str
    live: LiveGallery
    """With its items, in the order of display."""
    path: Path
    file: str | None
    """The path relative to the workspace; None for one that no `galleries:` pattern finds."""
    manifest: ManifestText
    left_out: tuple[str, ...] = ()
    """Live items that no manifest can name, as people know them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """A manifest that was written.

    `removed` are the keys that it named before and that the gallery does not have any more; `changes` is how many the next plan
    of the gallery still has.
    """

    draft: Draft
    removed: tuple[str, ...] = ()
    changes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """What an import would write, with what was known of the site."""

    loaded: LoadedState
    galleries: tuple[LiveGallery, ...]
    drafts: tuple[Draft, ...] = field(default_factory=tuple)


async def draft_gallery(
    site: Site, site_manifests: SiteManifests, selector: GallerySelector, out: Path | None
) -> ImportPlan:
    """The manifest of the gallery that `choice` means, for the file `out` or its own place.

    Raises MatchError when the site has none or several of it, Refused when the file or the key is another gallery's.
    """
    known = await load_complete_state(site)
    galleries = await read_galleries(site.client)
    keys = gallery_keys(site_manifests.desired, galleries, known.bindings)
    live, key = select_gallery(galleries, keys, selector)
    draft = await _create_draft(
        site, site_manifests, known.bindings, live, key, out=out, is_managed=keys.get(live.id) == key
    )
    return ImportPlan(loaded=known, galleries=galleries, drafts=(draft,))


async def draft_unmanaged(site: Site, site_manifests: SiteManifests) -> ImportPlan:
    """The manifests of all galleries that nothing manages yet, their keys made from their names."""
    known = await load_complete_state(site)
    galleries = await read_galleries(site.client)
    keys = gallery_keys(site_manifests.desired, galleries, known.bindings)
    taken = {*keys.values(), *(a.gallery for a in known.bindings.ids)}
    taken |= {gallery.address.gallery for gallery in site_manifests.desired.galleries}
    named: dict[str, LiveGallery] = {}
    for gallery in galleries:
        if gallery.id not in keys:
            key = free_key(gallery, taken)
            taken.add(key)
            named[key] = gallery
    drafts = await gather_all(
        _create_draft(site, site_manifests, known.bindings, live, key, out=None, is_managed=False)
        for key, live in named.items()
    )
    return ImportPlan(loaded=known, galleries=galleries, drafts=tuple(drafts))


async def write_drafts(site: Site, site_manifests: SiteManifests, import_plan: ImportPlan) -> tuple[ImportResult, ...]:
    """Write the manifests, then the pairs into state; the caller holds the lock."""
    bindings = import_plan.loaded.bindings
    imported: list[ImportResult] = []
    for draft in import_plan.drafts:
        ensure_inside(site.root, draft.path)
    for draft in import_plan.drafts:
        write_text_atomically(draft.path, draft.manifest.text)
        if draft.file is None:
            imported.append(ImportResult(draft=draft))
            continue
        bindings, told = await _record_bindings(site, site_manifests, import_plan.galleries, bindings, draft)
        imported.append(told)
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
    read = await read_items(site.client, live)
    read = replace(read, items=tuple(in_display_order(read.items or (), site_manifests.item_order)))
    keys = await item_keys(site.client, site_manifests, key, read, bindings)
    applied = {address.item for address in bindings.ids if address.gallery == key and address.item}
    written = render_manifest(key, read, keys, existing, applied_keys=applied)
    return Draft(
        key=key,
        live=read,
        path=path,
        file=file,
        manifest=written,
        left_out=tuple(item_title(item) or item.id for item in read.items or () if item.id not in written.keys),
    )


async def _record_bindings(
    site: Site, site_manifests: SiteManifests, galleries: Sequence[LiveGallery], bindings: Bindings, draft: Draft
) -> tuple[Bindings, ImportResult]:
    """The bindings with the pairs of a manifest that was just written, and what is to be told of it."""
    address, live = Address(draft.key), draft.live
    manifest = read_manifest(site_manifests.config, draft.file or "", WorkspaceFiles(site_manifests.config.root))
    if manifest.problems or manifest.gallery is None:
        raise InvalidInput(manifest.problems)
    pairs = {address: live.id, **{Address(draft.key, k): id_ for id_, k in draft.manifest.keys.items()}}
    taken = set(pairs.values())
    ids = {a: id_ for a, id_ in bindings.ids.items() if a in pairs or id_ not in taken}
    known = replace(bindings, ids={**ids, **pairs})
    desired = desired_subset(site_manifests, (manifest.gallery,))
    read = tuple(live if gallery.id == live.id else gallery for gallery in galleries)
    snapshot = SiteSnapshot(site_id=site.site_id, galleries=read)
    if unknown := files_to_look_up(desired, snapshot, known):
        files = await site.client.get_files(unknown)
        snapshot = replace(snapshot, files={file.id: file for file in files})
    plan = make_plan(desired, snapshot, known, options=PlanOptions(targets=(address,)))
    before = site_manifests.manifest(draft.key)
    named = {item.address for item in manifest.gallery.items}
    gone = [
        i.address.item or ""
        for i in (before.gallery.items if before and before.gallery else ())
        if i.address not in named
    ]
    return apply_findings(known, plan), ImportResult(draft=draft, removed=tuple(gone), changes=len(plan.changes))
