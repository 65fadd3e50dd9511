"""Live galleries become manifests, and state learns their pairs, so that the plan right after is empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from galleryctl.engine.choosing import Choice, choose, free_key
from galleryctl.engine.fetch import read_galleries, read_items
from galleryctl.engine.naming import Shelf, gallery_keys, item_keys, wanted_of
from galleryctl.engine.placing import existing_text, place
from galleryctl.engine.reviewing import adopt
from galleryctl.engine.settled import recall_settled
from galleryctl.engine.site import Known, Site, save
from galleryctl.engine.together import together
from galleryctl.manifest.files import Tree
from galleryctl.manifest.links import hold_inside
from galleryctl.manifest.load import read_manifest
from galleryctl.manifest.saving import save_text
from galleryctl.manifest.write_back import Written, write_gallery
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.errors import InvalidInput
from galleryctl.model.live import LiveGallery, SiteSnapshot
from galleryctl.plan.gallery import in_display_order
from galleryctl.plan.make import PlanOptions, make_plan
from galleryctl.plan.match import files_to_look_up
from galleryctl.plan.resources import live_title


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A manifest that is not written yet."""

    key: str
    live: LiveGallery
    """With its items, in the order of display."""
    path: Path
    file: str | None
    """The path relative to the workspace; None for one that no `galleries:` pattern finds."""
    written: Written
    left_out: tuple[str, ...] = ()
    """Live items that no manifest can name, as people know them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A manifest that was written.

    `removed` are the keys that it named before and that the gallery does not have any more; `changes` is how many the next plan
    of the gallery still has.
    """

    draft: Draft
    removed: tuple[str, ...] = ()
    changes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafts:
    """What an import would write, with what was known of the site."""

    known: Known
    galleries: tuple[LiveGallery, ...]
    drafts: tuple[Draft, ...] = field(default_factory=tuple)


async def draft_one(site: Site, shelf: Shelf, choice: Choice, out: Path | None) -> Drafts:
    """The manifest of the gallery that `choice` means, for the file `out` or its own place.

    Raises MatchError when the site has none or several of it, Refused when the file or the key is another gallery's.
    """
    known = await recall_settled(site)
    galleries = await read_galleries(site.client)
    keys = gallery_keys(shelf.desired, galleries, known.bindings)
    live, key = choose(galleries, keys, choice)
    draft = await _draft(site, shelf, known.bindings, live, key, out=out, known=keys.get(live.id) == key)
    return Drafts(known=known, galleries=galleries, drafts=(draft,))


async def draft_all(site: Site, shelf: Shelf) -> Drafts:
    """The manifests of all galleries that nothing manages yet, their keys made from their names."""
    known = await recall_settled(site)
    galleries = await read_galleries(site.client)
    keys = gallery_keys(shelf.desired, galleries, known.bindings)
    taken = {*keys.values(), *(a.gallery for a in known.bindings.ids)}
    taken |= {gallery.address.gallery for gallery in shelf.desired.galleries}
    named: dict[str, LiveGallery] = {}
    for gallery in galleries:
        if gallery.id not in keys:
            key = free_key(gallery, taken)
            taken.add(key)
            named[key] = gallery
    drafts = await together(
        _draft(site, shelf, known.bindings, live, key, out=None, known=False) for key, live in named.items()
    )
    return Drafts(known=known, galleries=galleries, drafts=tuple(drafts))


async def write_drafts(site: Site, shelf: Shelf, drafts: Drafts) -> tuple[Imported, ...]:
    """Write the manifests, then the pairs into state; the caller holds the lock."""
    bindings = drafts.known.bindings
    imported: list[Imported] = []
    for draft in drafts.drafts:
        hold_inside(site.root, draft.path)
    for draft in drafts.drafts:
        save_text(draft.path, draft.written.text)
        if draft.file is None:
            imported.append(Imported(draft=draft))
            continue
        bindings, told = await _learn(site, shelf, drafts.galleries, bindings, draft)
        imported.append(told)
    if bindings != drafts.known.state.bindings:
        save(site, drafts.known.state, bindings)
    return tuple(imported)


async def _draft(
    site: Site,
    shelf: Shelf,
    bindings: Bindings,
    live: LiveGallery,
    key: str,
    *,
    out: Path | None,
    known: bool,
) -> Draft:
    path, file = place(shelf, key, out)
    existing = existing_text(shelf, path, key, live, known=known)
    read = await read_items(site.client, live)
    read = replace(read, items=tuple(in_display_order(read.items or (), shelf.item_order)))
    keys = await item_keys(site.client, shelf, key, read, bindings)
    applied = {address.item for address in bindings.ids if address.gallery == key and address.item}
    written = write_gallery(key, read, keys, existing, applied=applied)
    return Draft(
        key=key,
        live=read,
        path=path,
        file=file,
        written=written,
        left_out=tuple(live_title(item) or item.id for item in read.items or () if item.id not in written.keys),
    )


async def _learn(
    site: Site, shelf: Shelf, galleries: Sequence[LiveGallery], bindings: Bindings, draft: Draft
) -> tuple[Bindings, Imported]:
    """The bindings with the pairs of a manifest that was just written, and what is to be told of it."""
    address, live = Address(draft.key), draft.live
    manifest = read_manifest(shelf.config, draft.file or "", Tree(shelf.config.root))
    if manifest.problems or manifest.gallery is None:
        raise InvalidInput(manifest.problems)
    pairs = {address: live.id, **{Address(draft.key, k): id_ for id_, k in draft.written.keys.items()}}
    taken = set(pairs.values())
    ids = {a: id_ for a, id_ in bindings.ids.items() if a in pairs or id_ not in taken}
    known = replace(bindings, ids={**ids, **pairs})
    desired = wanted_of(shelf, (manifest.gallery,))
    read = tuple(live if gallery.id == live.id else gallery for gallery in galleries)
    snapshot = SiteSnapshot(site_id=site.site_id, galleries=read)
    if unknown := files_to_look_up(desired, snapshot, known):
        files = await site.client.get_files(unknown)
        snapshot = replace(snapshot, files={file.id: file for file in files})
    plan = make_plan(desired, snapshot, known, options=PlanOptions(targets=(address,)))
    before = shelf.manifest(draft.key)
    named = {item.address for item in manifest.gallery.items}
    gone = [
        i.address.item or ""
        for i in (before.gallery.items if before and before.gallery else ())
        if i.address not in named
    ]
    return adopt(known, plan), Imported(draft=draft, removed=tuple(gone), changes=len(plan.changes))
