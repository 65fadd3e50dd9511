"""Undo a run: read its record, decide what to undo, and write the manifests, all or none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from galleryctl.engine.history import read_record
from galleryctl.engine.importing.destination import default_manifest_path
from galleryctl.engine.manifest_texts import ManifestTexts
from galleryctl.engine.site import Site
from galleryctl.engine.state.load import load_complete_state
from galleryctl.engine.undoing.decide import LeftChange, LocatedChange, decide_gallery
from galleryctl.engine.undoing.manifest import UndoneManifest, former_item, undo_manifest
from galleryctl.engine.undoing.sent import equals_sent
from galleryctl.engine.undoing.sources import FormerSources
from galleryctl.manifest.files.atomic_write import read_text, replace_texts
from galleryctl.manifest.files.symlinks import ensure_inside
from galleryctl.manifest.files.tree import WorkspaceFiles
from galleryctl.manifest.workspace import WorkspaceConfig
from galleryctl.manifest.write.placement import KnownKeys
from galleryctl.manifest.write.update import render_manifest
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.command import command_line
from galleryctl.model.desired import DesiredGallery
from galleryctl.model.errors import StateError
from galleryctl.model.last_applied import Origin
from galleryctl.model.live import LiveGallery
from galleryctl.model.outcome import OutcomeStatus
from galleryctl.plan.changes import Action
from galleryctl.plan.history.record import RecordedChange, RunRecord
from galleryctl.plan.identity.moved import apply_moved
from galleryctl.state.state_file import State

_COMMENT = re.compile(r"(?:^|\s)#(?! yaml-language-server:)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoneRun:
    """The manifests that change, and what is left."""

    record: RunRecord
    files: tuple[UndoneManifest, ...] = ()
    left: tuple[LeftChange, ...] = ()
    not_applied: int = 0
    """The number of changes that the run itself did not apply."""


async def undo_run(site: Site, config: WorkspaceConfig, site_name: str, number: int, *, dry_run: bool) -> UndoneRun:
    """Write the manifests so that the next plan restores what the site showed before the run: all of them, or none.

    Neither the site nor the state is written, and the site is not read. Raises StateError if there is no such run, or if
    the state does not know it; InvalidInput if a manifest cannot be written; and GalleryctlError.
    """
    record = read_record(site.backend, number)
    loaded = await load_complete_state(site)
    _check_lineage(record, loaded.state, site)
    texts = ManifestTexts(config, site_name)
    moves, _ = apply_moved(texts.desired, loaded.bindings.ids)
    bindings = moves.renamed(loaded.bindings)
    undo = _Undo(record, texts, bindings, FormerSources(WorkspaceFiles(config.root)))
    manifests = tuple(undo.manifests(moves.new_address))
    files = tuple(each for each in manifests if each.is_changed)
    texts.with_texts({each.file: each.after for each in files})
    if not dry_run:
        replace_texts({ensure_inside(site.root, site.root / f.file): (f.before, f.after) for f in files})
    left = (*undo.left, *(left for each in manifests for left in each.left))
    return UndoneRun(record=record, files=files, left=left, not_applied=undo.not_applied)


def _check_lineage(record: RunRecord, state: State, site: Site) -> None:
    """Raise StateError if the run does not belong to the history of the state."""
    why = ""
    if record.site_id != site.site_id:
        why = f"the run was made on site {record.site_id}, this is {site.site_id}"
    elif not state.lineage:
        why = "the state was not found"
    elif record.lineage not in ("", state.lineage):
        why = f"the run wrote lineage {record.lineage}, the state has {state.lineage}"
    elif state.serial < record.serial:
        why = f"the run wrote serial {record.serial}, the state is at serial {state.serial}"
    if why:
        raise StateError(
            f"run {record.number} cannot be undone: the state was lost or replaced since",
            where=site.backend.location,
            why=f"{why}; the ids of the history cannot be trusted",
            do="restore the state of that time ("
            + command_line("state", "versions")
            + "), or correct the manifests by hand: "
            + command_line("history", str(record.number))
            + " shows the former values",
        )


def _is_as_created(gallery: DesiredGallery, text: str, created: RecordedChange) -> bool:
    """Return True if a manifest has nothing that would be lost with it, but the name and the items of its creation."""
    sent = next((part.after for part in created.change.fields if part.path == "name"), None)
    settings = gallery.adopt or gallery.foreign or gallery.removed
    of_items = any(item.protect or item.ignore for item in gallery.items)
    return not (settings or of_items or _COMMENT.search(text)) and equals_sent(gallery.fields.get("name", sent), sent)


class _Undo:
    """The undo of a run in all manifests; `bindings` is the state, under the addresses of the manifests."""

    def __init__(self, record: RunRecord, texts: ManifestTexts, bindings: Bindings, sources: FormerSources) -> None:
        self._record, self._texts, self._sources = record, texts, sources
        self._ids: Mapping[str, Address] = {id_: address for address, id_ in bindings.ids.items()}
        self._known = frozenset(bindings.ids)
        self._adopted = frozenset(a for a, known in bindings.records.items() if known.origin is Origin.ADOPTED)
        self._files = {m.gallery.address: file for file, m in texts.all.items() if m.gallery is not None}
        self.left: list[LeftChange] = []
        self.not_applied = 0

    def manifests(self, new_address: Callable[[Address], Address]) -> Iterator[UndoneManifest]:
        """Yield the manifests that change; `new_address` applies the `moved` entries of the manifests."""
        by_gallery: dict[Address, list[LocatedChange]] = {}
        for recorded in self._record.changes:
            if recorded.status in (OutcomeStatus.FAILED, OutcomeStatus.SKIPPED):
                self.not_applied += 1
            else:
                located = self._locate(recorded, new_address)
                by_gallery.setdefault(located.address.parent, []).append(located)
        for gallery, changes in by_gallery.items():
            first = changes[0]
            action = first.recorded.change.action if first.address.item is None else Action.UPDATE
            if action is Action.DELETE:
                yield from self._deleted_gallery(gallery, first.recorded)
            elif (file := self._files.get(gallery)) is not None:
                yield from self._changed_gallery(file, gallery, changes, is_created=action is Action.CREATE)
            elif action is not Action.CREATE:
                self._leave(gallery, "no manifest declares the gallery any more")

    def _locate(self, recorded: RecordedChange, new_address: Callable[[Address], Address]) -> LocatedChange:
        """Return the change with the address that its resource has now."""
        change = recorded.change
        known = (self._ids[id_] for id_ in (recorded.new_id, change.id) if id_ and id_ in self._ids)
        if (address := next(known, None)) is not None:
            return LocatedChange(address=address, recorded=recorded)
        if change.action is Action.DELETE:
            return LocatedChange(address=self._address_of_deleted(change.id, change.address), recorded=recorded)
        address = new_address(change.address)
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

    def _leave(self, address: Address, why: str) -> None:
        self.left.append(LeftChange(address=address, why=why))

    def _changed_gallery(
        self, file: str, gallery: Address, changes: list[LocatedChange], *, is_created: bool
    ) -> Iterator[UndoneManifest]:
        manifest = self._texts.all[file]
        if manifest.gallery is None:
            raise AssertionError(f"{file} was read before")
        gallery_id = next((id_ for id_, address in self._ids.items() if address == gallery), "")
        undo = decide_gallery(self._record, changes, manifest.gallery, self._ids, gallery_id)
        text = read_text(self._texts.config.root / file)
        if is_created:
            keys = {item.address.item for item in manifest.gallery.items}
            if manifest.gallery.protect:
                why = f"the run created the gallery, which is protected: set protect: false, apply, and delete {file}"
                self._leave(gallery, why)
            elif keys - undo.removed:
                self._leave(gallery, f"the run created the gallery, and its items were changed since: delete {file}")
            elif not _is_as_created(manifest.gallery, text, changes[0].recorded):
                self._leave(gallery, f"the run created the gallery, and its manifest says more: delete {file} yourself")
            elif len(self._texts.config.sites) > 1:
                self._leave(
                    gallery, f"the run created the gallery, and {file} is that of all sites: delete it yourself"
                )
            else:
                yield UndoneManifest(
                    gallery=gallery.gallery, file=file, before=text, after=None, removed=tuple(sorted(undo.removed))
                )
        elif undo.is_empty:
            self.left += undo.left
        else:
            by_site = len(self._texts.config.sites) > 1
            yield undo_manifest(
                text, manifest, undo, self._sources, self._texts.reread(file), site=self._texts.site, by_site=by_site
            )

    def _deleted_gallery(self, gallery: Address, deleted: RecordedChange) -> Iterator[UndoneManifest]:
        config, key = self._texts.config, gallery.gallery
        file = default_manifest_path(config.manifest_patterns, key)
        if gallery in self._files:
            self._leave(gallery, "a manifest declares the gallery again")
        elif gallery in config.removed:
            self._leave(gallery, "removed: names the gallery")
        elif not deleted.former:
            self._leave(gallery, "no read of the site showed what it was before")
        elif file is None:
            self._leave(gallery, f"no pattern under `galleries:` matches {key}.yaml")
        elif (config.root / file).exists():
            self._leave(gallery, f"{file} exists, and does not declare it")
        else:
            yield self._new_manifest(key, file, deleted)

    def _new_manifest(self, key: str, file: str, deleted: RecordedChange) -> UndoneManifest:
        """Return the manifest of a deleted gallery, as an import writes it."""
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
        rendered = render_manifest(key, live, known, site=self._texts.site)
        lost = [item for item in items if item.id not in rendered.keys]
        return UndoneManifest(
            gallery=key,
            file=file,
            before=None,
            after=rendered.text,
            back=tuple(rendered.keys.values()),
            left=tuple(
                LeftChange(address=Address(key, item.key or None), why="a manifest cannot declare the item")
                for item in lost
            ),
        )
