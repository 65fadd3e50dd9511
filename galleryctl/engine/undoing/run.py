"""Undo a run: read its record, decide what to undo, and write the manifests, all or none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from galleryctl.engine.history import read_record
from galleryctl.engine.importing.destination import default_manifest_path
from galleryctl.engine.manifest_texts import ManifestTexts
from galleryctl.engine.refresh.fetch import fetch_site
from galleryctl.engine.rewriting import READING, WRITING, LeftChange, RewrittenManifest, why_invalid, write_manifests
from galleryctl.engine.site import Site
from galleryctl.engine.state.load import load_complete_state
from galleryctl.engine.undoing.decide import decide_gallery
from galleryctl.engine.undoing.decision import GalleryUndo, LocatedChange
from galleryctl.engine.undoing.lineage import check_lineage
from galleryctl.engine.undoing.manifest import former_item, rearrangements, undo_manifest, without_rearranging
from galleryctl.engine.undoing.sent import equals_sent
from galleryctl.engine.undoing.sources import FormerSources
from galleryctl.manifest.files.atomic_write import read_text
from galleryctl.manifest.files.tree import WorkspaceFiles
from galleryctl.manifest.load import Manifest
from galleryctl.manifest.workspace import WorkspaceConfig
from galleryctl.manifest.write.placement import KnownKeys
from galleryctl.manifest.write.update import render_manifest
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import DesiredGallery
from galleryctl.model.errors import InvalidInput
from galleryctl.model.last_applied import Origin
from galleryctl.model.live import LiveGallery, SiteSnapshot
from galleryctl.model.outcome import OutcomeStatus
from galleryctl.plan.changes import Action, Change
from galleryctl.plan.history.record import DESTROY, RecordedChange, RunRecord
from galleryctl.plan.identity.moved import AddressMoves

_COMMENT = re.compile(r"(?:^|\s)#(?! yaml-language-server:)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoneRun:
    """The manifests that change, and what is left."""

    record: RunRecord
    files: tuple[RewrittenManifest, ...] = ()
    left: tuple[LeftChange, ...] = ()
    not_applied: int = 0
    """The number of changes that the run itself did not apply."""


async def undo_run(site: Site, config: WorkspaceConfig, site_name: str, number: int, *, dry_run: bool) -> UndoneRun:
    """Write the manifests so that the next plan restores what the site showed before the run: all of them, or none.

    Neither the site nor the state is written. Raises StateError if there is no such run, or if the state does not know it;
    InvalidInput if a manifest cannot be written; and GalleryctlError.
    """
    record = read_record(site.backend, number)
    loaded = await load_complete_state(site)
    check_lineage(record, loaded.state, site)
    with site.client.waits.during(READING):
        texts = ManifestTexts(config, site_name)
    fetched, identity = await fetch_site(
        site.client, site.site_id, texts.desired, loaded.bindings, read_lag=site.read_lag
    )
    undo = _Undo(record, texts, loaded.bindings, identity.moves, fetched.snapshot, WorkspaceFiles(config.root))
    with site.client.waits.during(WRITING):
        files = tuple(undo.manifests())
        texts.with_texts({each.file: each.after for each in files})
    if not dry_run:
        write_manifests(texts, files)
    return UndoneRun(record=record, files=files, left=tuple(undo.left), not_applied=undo.not_applied)


def _is_as_created(gallery: DesiredGallery, text: str, created: RecordedChange) -> bool:
    """Return True if a manifest has nothing that would be lost with it, but the name and the items of its creation."""
    sent = next((part.after for part in created.change.fields if part.path == "name"), None)
    settings = gallery.adopt or gallery.foreign or gallery.removed
    of_items = any(item.protect or item.ignore for item in gallery.items)
    same_name = equals_sent(gallery.fields.get("name", sent), sent)
    return not (settings or of_items or _COMMENT.search(text)) and same_name


class _Undo:
    """The undo of a run in all manifests; `moves` are those of the manifests since the state."""

    def __init__(
        self,
        record: RunRecord,
        texts: ManifestTexts,
        state: Bindings,
        moves: AddressMoves,
        snapshot: SiteSnapshot,
        files: WorkspaceFiles,
    ) -> None:
        bindings = moves.renamed(state)
        self._record, self._texts, self._sources = record, texts, FormerSources(files)
        self._moves, self._snapshot = moves, snapshot
        self._ids: Mapping[str, Address] = {id_: address for address, id_ in bindings.ids.items()}
        self._known = frozenset(bindings.ids)
        self._adopted = frozenset(a for a, known in bindings.records.items() if known.origin is Origin.ADOPTED)
        self._files = {m.gallery.address: file for file, m in texts.all.items() if m.gallery is not None}
        self.left: list[LeftChange] = []
        self.not_applied = 0

    def manifests(self) -> Iterator[RewrittenManifest]:
        """Yield the manifests that change."""
        by_gallery: dict[Address, list[LocatedChange]] = {}
        for recorded in self._record.changes:
            if recorded.status in (OutcomeStatus.FAILED, OutcomeStatus.SKIPPED):
                self.not_applied += 1
            else:
                located = self._locate(recorded)
                by_gallery.setdefault(located.address.parent, []).append(located)
        for gallery, changes in by_gallery.items():
            first = changes[0]
            action = first.recorded.change.action if first.address.item is None else Action.UPDATE
            file = self._files.get(gallery)
            if file is None:
                kept = [each for each in changes if each.recorded.change.action is not Action.CREATE]
                rewritten = self._without_manifest(gallery, first.recorded, action) if kept else None
            elif action is Action.DELETE:
                rewritten = self._changed_gallery(file, gallery, [first, *self._deleted_items(gallery, first.recorded)])
            elif action is Action.CREATE:
                rewritten = self._created_gallery(file, gallery, changes)
            else:
                rewritten = self._changed_gallery(file, gallery, changes)
            if rewritten is not None and rewritten.is_changed:
                yield rewritten

    def _locate(self, recorded: RecordedChange) -> LocatedChange:
        """Return the change with the address that its resource has now."""
        change = recorded.change
        known = (self._ids[id_] for id_ in (recorded.new_id, change.id) if id_ and id_ in self._ids)
        if (address := next(known, None)) is not None:
            return LocatedChange(address=address, recorded=recorded)
        if change.action is Action.DELETE:
            return LocatedChange(address=self._address_of_deleted(change.id, change.address), recorded=recorded)
        address = self._moves.new_address(change.address)
        return LocatedChange(
            address=address,
            recorded=recorded,
            by_key=True,
            is_adopted=address in self._adopted,
            is_known=address in self._known,
        )

    def _address_of_deleted(self, id_: str | None, address: Address) -> Address:
        """Return the address of a deleted resource, an item in the gallery under its current key."""
        galleries = (gallery for gallery, order in self._record.orders.items() if id_ in order.before)
        gallery = next((self._ids[gallery] for gallery in galleries if gallery in self._ids), address.parent)
        return Address(gallery.gallery, address.item) if address.item else address

    def _deleted_items(self, gallery: Address, deleted: RecordedChange) -> Iterator[LocatedChange]:
        """Yield the delete of each item of a deleted gallery that a manifest declares again."""
        unmanaged = 0
        for former in deleted.former[1:]:
            if former.key:
                address = Address(gallery.gallery, former.key)
                change = Change(address=address, action=Action.DELETE, kind=former.kind, id=former.id)
                yield LocatedChange(address=address, recorded=RecordedChange(change=change, former=(former,)))
            unmanaged += not former.key
        if unmanaged:
            self._leave(gallery, f"{unmanaged} of its items had no entry: the history shows them")

    def _leave(self, address: Address, why: str) -> None:
        self.left.append(LeftChange(address=address, why=why))

    def _changed_gallery(self, file: str, gallery: Address, changes: list[LocatedChange]) -> RewrittenManifest | None:
        manifest, undo = self._decide(file, gallery, changes)
        if undo.is_empty:
            self.left += undo.left
            return None
        self.left += undo.left
        failed = ""
        for part in (undo, without_rearranging(undo, manifest)):
            try:
                rewritten, left = undo_manifest(self._texts, manifest, part, self._sources)
            except InvalidInput as error:
                failed = failed or why_invalid(error)
            else:
                self.left += (*(rearrangements(undo, gallery, failed) if failed else ()), *left)
                return rewritten
        self._leave(gallery, failed)
        return None

    def _decide(self, file: str, gallery: Address, changes: list[LocatedChange]) -> tuple[Manifest, GalleryUndo]:
        manifest = self._texts.all[file]
        if manifest.gallery is None:
            raise AssertionError(f"{file} was read before")
        gallery_id = next((id_ for id_, address in self._ids.items() if address == gallery), "")
        if self._record.header.operation == DESTROY:
            gallery_id = self._destroyed_gallery(changes) or gallery_id
        return manifest, decide_gallery(self._record, changes, manifest.gallery, self._ids, gallery_id)

    def _destroyed_gallery(self, changes: Sequence[LocatedChange]) -> str:
        """Return the id that the gallery of these changes had, "" if its items were neither deleted nor moved."""
        ids = {each.recorded.change.id for each in changes}
        return next((id_ for id_, order in self._record.orders.items() if id_ in ids or ids & {*order.before}), "")

    def _created_gallery(self, file: str, gallery: Address, changes: list[LocatedChange]) -> RewrittenManifest | None:
        """Return the manifest of a gallery that the run created: none, unless it says more."""
        manifest, undo = self._decide(file, gallery, changes)
        declared, text = manifest.gallery, read_text(self._texts.config.root / file)
        if declared is None:
            return None
        first, why = changes[0], ""
        if first.by_key and first.is_known and first.recorded.new_id:
            self._leave(gallery, "its key is used for another gallery now")
            return None
        if declared.protect:
            why = "which is protected: to delete it, set protect: false, apply, and"
        elif len(self._texts.config.sites) > 1:
            why = "and its manifest is that of all sites: to delete it,"
        elif {item.address.item for item in declared.items} - undo.removed or not _is_as_created(
            declared, text, first.recorded
        ):
            why = "and its manifest was changed since: to delete it,"
        if why:
            self._leave(gallery, f"the run created the gallery, {why} delete {file}")
            return None
        removed = tuple(sorted(undo.removed))
        return RewrittenManifest(gallery=gallery.gallery, file=file, before=text, after=None, removed=removed)

    def _without_manifest(self, gallery: Address, recorded: RecordedChange, action: Action) -> RewrittenManifest | None:
        """Return the manifest of a gallery that no manifest declares: that of a deleted one."""
        if action is not Action.DELETE:
            self._leave(gallery, "no manifest declares the gallery any more")
            return None
        config, key = self._texts.config, gallery.gallery
        file = default_manifest_path(config.manifest_patterns, key)
        name = recorded.former[0].fields.get("name") if recorded.former else None
        if gallery in config.removed:
            self._leave(gallery, "removed: names the gallery")
        elif not recorded.former:
            self._leave(gallery, "no read of the site showed what it was before")
        elif file is None:
            self._leave(gallery, f"no pattern under `galleries:` matches {key}.yaml")
        elif (config.root / file).exists():
            self._leave(gallery, f"{file} exists, and does not declare it")
        elif any(name and live.name == name for live in self._snapshot.galleries):
            # It would be bound by its name, and taken over.
            self._leave(gallery, f"the site has another gallery named {name}: rename it, then undo again")
        else:
            return self._deleted_gallery(key, file, recorded)
        return None

    def _deleted_gallery(self, key: str, file: str, deleted: RecordedChange) -> RewrittenManifest:
        """Return the manifest of a deleted gallery, as an import writes it; the gallery was not protected."""
        former, *items = deleted.former
        sources = {item.id: source for item in items if (source := self._sources.source(item))}
        live = LiveGallery(
            id="",
            fields=former.fields,
            sort_order=None,
            total_items=None,
            items=tuple(former_item(item, item.id) for item in items),
            raw={},
        )
        known = KnownKeys(
            by_id={item.id: item.key for item in items if item.key},
            in_state=[item.id for item in items],
            sources=sources,
        )
        rendered = render_manifest(key, live, known, site=self._texts.site, protect=False)
        for item in items:
            if item.id not in rendered.keys:
                self._leave(Address(key, item.key or None), "a manifest cannot declare the item")
        added = tuple(rendered.keys.values())
        return RewrittenManifest(gallery=key, file=file, before=None, after=rendered.text, added=added)
