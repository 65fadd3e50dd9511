"""Write what is undone of a run into the manifest of one gallery; everything else stays."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from types import MappingProxyType

from galleryctl.engine.manifest_texts import ManifestTexts
from galleryctl.engine.rewriting import (
    LeftChange,
    PatternKeys,
    RewrittenManifest,
    rewrite,
    stay_together,
    why_not_written,
)
from galleryctl.engine.undoing.decision import GalleryUndo
from galleryctl.engine.undoing.sources import FormerSources
from galleryctl.engine.undoing.values import shows_former_media
from galleryctl.manifest.load import Manifest
from galleryctl.manifest.write.placement import KnownKeys
from galleryctl.manifest.write.representable import source_text
from galleryctl.manifest.write.update import KeptParts, ManifestText, render_manifest
from galleryctl.model.address import Address
from galleryctl.model.desired import DesiredGallery, DesiredItem
from galleryctl.model.errors import InvalidInput
from galleryctl.model.fields import FIELD_BY_NAME, FIELDS_BY_KIND, Fields, Json, canonical, is_empty, values_equal
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.media import HostedVideo, Kind, LocalFile, Media, RemoteFile, WixFile
from galleryctl.plan.history.record import FormerResource

_LINK_PARTS = frozenset({"link.url", "link.text"})


def undo_manifest(
    texts: ManifestTexts, manifest: Manifest, undo: GalleryUndo, sources: FormerSources
) -> tuple[RewrittenManifest, tuple[LeftChange, ...]]:
    """Return the manifest with what is undone, and what is left. Raises InvalidInput if it cannot be written."""
    reread = texts.reread(manifest.file)
    expected: dict[str, Fields] = {}

    def render(text: str, gallery: DesiredGallery, patterns: PatternKeys) -> ManifestText:
        writer = _Writer(gallery, undo, sources, patterns, site=texts.site, by_site=len(texts.config.sites) > 1)
        expected.update(writer.expected)
        rendered = writer.write(text)
        if uncaptioned := writer.with_other_captions(_found(reread(rendered.text))):
            rendered = writer.write(text, uncaptioned=uncaptioned)
        lacking = _lacking(_found(reread(rendered.text)), writer.expected)
        return writer.write(text, lacking, uncaptioned) if lacking else rendered

    rewritten = rewrite(
        texts,
        manifest,
        needs_entries=lambda keys: _needs_entries(keys, undo),
        order=undo.order,
        render=render,
    )
    found = _found(reread(rewritten.after or ""))
    added = tuple(key for key in rewritten.added if key in found)
    return replace(rewritten, added=added), tuple(
        _left(manifest, undo, rewritten.values, found, _lacking(found, expected))
    )


def without_rearranging(undo: GalleryUndo, manifest: Manifest) -> GalleryUndo:
    """Return the undo of the values only, which leaves the list of entries as it is."""
    items = manifest.gallery.items if manifest.gallery else ()
    order = tuple(item.address.item or "" for item in items)
    return replace(undo, removed=frozenset(), back={}, order=order, has_moves=False)


def rearrangements(undo: GalleryUndo, gallery: Address, why: str) -> Iterator[LeftChange]:
    """Yield what `without_rearranging` leaves."""
    for key in (*sorted(undo.removed), *undo.back):
        yield LeftChange(address=Address(gallery.gallery, key), why=why)
    if undo.has_moves:
        yield LeftChange(address=gallery, why=f"order: {why}")


def _needs_entries(keys: Sequence[str], undo: GalleryUndo) -> bool:
    """Return True if the undo cannot be written while a `from:` entry declares the items with these keys."""
    if not undo.removed.union(undo.entries).isdisjoint(keys) or not stay_together(keys, undo.order):
        return True
    # `from:` would find the file of an entry that is back, too.
    return any(
        former.kind is not Kind.TEXT and before in keys
        for before, key in pairwise(undo.order)
        if (former := undo.back.get(key))
    )


@dataclass(slots=True)
class _Writer:
    """Writes the entries with their former values; the id of each item is its key."""

    gallery: DesiredGallery
    undo: GalleryUndo
    sources: FormerSources
    patterns: PatternKeys
    site: str
    by_site: bool
    expected: dict[str, Fields] = field(default_factory=dict)
    """Key → the fields that an entry is to have, as far as the undo concerns them."""

    def __post_init__(self) -> None:
        entries = {item.address.item or "": item for item in self.gallery.items}
        for key, edit in self.undo.entries.items():
            # With another file, captions that an entry reads from it are others, too.
            others = entries[key].fields if edit.media else {}
            self.expected[key] = {**others, **edit.fields}
        self.expected |= {key: former.fields for key, former in self.undo.back.items()}

    def with_other_captions(self, found: Mapping[str, DesiredItem]) -> frozenset[str]:
        """Return the keys of the entries that read captions from the former file that they did not have then."""
        return frozenset(
            key
            for key, edit in self.undo.entries.items()
            if edit.media and key in found
            for name, value in found[key].fields.items()
            if name not in self.expected[key] and not is_empty(value)
        )

    def write(
        self,
        text: str,
        lacking: Mapping[str, frozenset[str]] = MappingProxyType({}),
        uncaptioned: frozenset[str] = frozenset(),
    ) -> ManifestText:
        """Return the manifest; the names `lacking`, by key, are written although the file of the item may have them.

        The entries of the keys `uncaptioned` no longer read captions.
        """
        entries = {item.address.item or "": item for item in self.gallery.items}
        items = [self._item(key, entries.get(key), lacking.get(key, frozenset())) for key in self.undo.order]
        keys = {key: key for key in self.undo.order}
        known = KnownKeys(
            by_id=keys,
            in_state=keys,
            declared=entries,
            applied=self.undo.removed,
            values={key: entry.fields for key, entry in entries.items()},
            sources=self._media_sources(entries),
        )
        kept = KeptParts(
            name=self.undo.name is None,
            bind=True,
            items=frozenset(keys.keys() - self.undo.entries.keys() - self.undo.back.keys()),
            replaced=frozenset(key for key, edit in self.undo.entries.items() if edit.media),
            uncaptioned=uncaptioned,
            adopted={address.item or "": id_ for address, id_ in self.gallery.adopt.items()},
            patterns=self.patterns,
        )
        live = LiveGallery(
            id="", fields={"name": self.undo.name}, sort_order=None, total_items=None, items=tuple(items), raw={}
        )
        key = self.gallery.address.gallery
        return render_manifest(
            key, live, known, text, site=self.site, by_site=self.by_site, kept=kept, file=self.gallery.at.file
        )

    def _media_sources(self, entries: Mapping[str, DesiredItem]) -> Mapping[str, str]:
        """Return key → the value of `image:` or `video:`, except of former files that only the Media Manager has."""
        edited = {key: edit.former for key, edit in self.undo.entries.items() if edit.former}
        formers = {**edited, **self.undo.back}
        kept = {key: "unchanged" for key, entry in entries.items() if isinstance(entry.media, LocalFile | RemoteFile)}
        found = {key: self.sources.source(former) for key, former in formers.items()}
        return {key: source for key, source in {**kept, **found}.items() if source}

    def _item(self, key: str, entry: DesiredItem | None, lacking: frozenset[str]) -> LiveItem:
        edit = self.undo.entries.get(key)
        if entry is None:
            return former_item(self.undo.back[key], key)
        if edit is not None and edit.replaced is not None:
            return _live_item(key, edit.replaced.kind or entry.kind, edit.replaced.media, edit.fields)
        if edit is None:
            fields: Fields = {"html": ""} if entry.kind is Kind.TEXT else {}
            return _live_item(key, entry.kind, entry.media, fields)
        names = lacking | (frozenset() if edit.media else edit.fields.keys())
        names |= _LINK_PARTS if names & _LINK_PARTS else frozenset()
        names |= {"html"} if entry.kind is Kind.TEXT else frozenset()
        values = {**entry.fields, **self.expected[key]}
        media = edit.media.media if edit.media else entry.media
        return _live_item(key, entry.kind, media, {name: values.get(name) for name in names})


def _live_item(key: str, kind: Kind, media: Media, fields: Fields) -> LiveItem:
    shown = media if isinstance(media, WixFile | HostedVideo) else None
    return LiveItem(id=key, kind=kind, media=shown, fields=fields, sort_order=None, raw={})


def former_item(former: FormerResource, id_: str) -> LiveItem:
    """Return the item as it was before the run, with another id. Raises AssertionError for a gallery."""
    if former.kind is None:
        raise AssertionError(f"{former.id} was a gallery")
    # An empty field is written where the manifest has a default for it.
    empty = {field.name: canonical(field.name, None) for field in FIELDS_BY_KIND[former.kind]}
    return _live_item(id_, former.kind, former.media, {**empty, **former.fields})


def _found(manifest: Manifest) -> Mapping[str, DesiredItem]:
    """Return the items of a manifest that was written. Raises InvalidInput with its problems."""
    if manifest.problems or manifest.gallery is None:
        raise InvalidInput(manifest.problems)
    return {item.address.item or "": item for item in manifest.gallery.items}


def _lacking(found: Mapping[str, DesiredItem], expected: Mapping[str, Fields]) -> Mapping[str, frozenset[str]]:
    """Return key → the names of the fields of which an entry has not the expected value."""
    lacking = {
        key: frozenset(name for name, value in fields.items() if not _has(found[key].fields, name, value))
        for key, fields in expected.items()
        if key in found
    }
    return {key: names for key, names in lacking.items() if names}


def _has(fields: Fields, name: str, value: Json) -> bool:
    return values_equal(fields[name], value) if name in fields else is_empty(value)


def _left(
    manifest: Manifest,
    undo: GalleryUndo,
    values: Collection[str],
    found: Mapping[str, DesiredItem],
    failed: Mapping[str, frozenset[str]],
) -> Iterator[LeftChange]:
    """Yield what could not be written."""
    gallery = manifest.gallery.address.gallery if manifest.gallery else ""
    if undo.name is not None and "name" not in values:
        yield LeftChange(address=Address(gallery), why="name: its value comes from the environment")
    formers = {**{key: edit.former for key, edit in undo.entries.items()}, **undo.back}
    for key in dict.fromkeys((*formers, *failed)):
        address, former, entry = Address(gallery, key), formers.get(key), found.get(key)
        if entry is None:
            yield LeftChange(address=address, why="a manifest cannot declare the item")
        elif former is not None and not shows_former_media(entry, former):
            is_known = source_text(former_item(former, key)) is not None
            why = "its value comes from the environment" if is_known else "a manifest cannot have the former one"
            yield LeftChange(address=address, why=f"{former.kind}: {why}")
        else:
            edit = undo.entries.get(key)
            fields = {**(former.fields if former else {}), **(edit.fields if edit else {})}
            item = _live_item(key, entry.kind, None, fields)
            for why in dict.fromkeys(_why(entry, name, item) for name in sorted(failed.get(key, ()))):
                yield LeftChange(address=address, why=why)


def _why(entry: DesiredItem, name: str, item: LiveItem) -> str:
    return why_not_written(entry, name, item) or f"{FIELD_BY_NAME[name].key}: a manifest cannot have the value"
