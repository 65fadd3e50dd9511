"""Write what is undone of a run into the manifest of one gallery; everything else stays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from galleryctl.engine.undoing.decide import GalleryUndo, LeftChange, is_former_media
from galleryctl.engine.undoing.sources import FormerSources
from galleryctl.manifest.load import Manifest
from galleryctl.manifest.write.expand import Reread, expand_patterns, pattern_addresses
from galleryctl.manifest.write.placement import KnownKeys
from galleryctl.manifest.write.update import KeptParts, ManifestText, render_manifest
from galleryctl.model.address import Address
from galleryctl.model.desired import DesiredGallery, DesiredItem
from galleryctl.model.errors import InvalidInput
from galleryctl.model.fields import FIELD_BY_NAME, FIELDS_BY_KIND, Fields, Json, canonical, is_empty, values_equal
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.media import HostedVideo, Kind, LocalFile, Media, RemoteFile, WixFile
from galleryctl.plan.history.record import FormerResource

_LINK_PARTS = frozenset({"link.url", "link.text"})
_CANNOT_HAVE = "a manifest cannot have the former value, or its value comes from the environment or from a file"


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoneManifest:
    """A manifest before and after a run was undone; None if there is none."""

    gallery: str
    file: str
    before: str | None
    after: str | None
    restored: tuple[str, ...] = ()
    """The values that are restored: `KEY NAME`, or `name` or `order` of the gallery."""
    removed: tuple[str, ...] = ()
    """The keys of the entries that the run had created."""
    back: tuple[str, ...] = ()
    """The keys of the entries that the run had deleted."""
    expanded: int = 0
    """The number of entries that replaced `from:`."""
    left: tuple[LeftChange, ...] = ()

    @property
    def is_changed(self) -> bool:
        """True if anything is undone in it, and not everything was left."""
        return self.before is None or self.after is None or bool(self.restored or self.removed or self.back)


def undo_manifest(
    text: str,
    manifest: Manifest,
    undo: GalleryUndo,
    sources: FormerSources,
    reread: Reread,
    *,
    site: str,
    by_site: bool,
) -> UndoneManifest:
    """Return the manifest `text` with what is undone. Raises InvalidInput if it cannot be written."""
    before, expanded, gallery = text, 0, manifest.gallery
    if gallery is not None and _needs_entries(pattern_addresses(text, manifest), undo):
        expansion = expand_patterns(text, manifest, reread, undo.order)
        text, expanded, gallery = expansion.text, expansion.entries, reread(expansion.text).gallery
    if gallery is None:
        raise AssertionError(f"{manifest.file} was read before")
    writer = _Writer(gallery, undo, sources, site=site, by_site=by_site)
    rendered = writer.write(text, {})
    if lacking := _lacking(_found(reread(rendered.text)), writer.expected):
        rendered = writer.write(text, lacking)
    result = reread(rendered.text)
    found = _found(result)
    failed = _lacking(found, writer.expected)
    has_name = result.gallery is not None and result.gallery.fields.get("name", "") == undo.name
    after = rendered.text
    return UndoneManifest(
        gallery=gallery.address.gallery,
        file=manifest.file,
        before=before,
        after=after,
        restored=tuple(_restored(undo, found, failed, has_name=has_name)),
        removed=rendered.removed,
        back=tuple(key for key in undo.back if key in found),
        expanded=expanded,
        left=tuple(_left(gallery.address, undo, found, failed, has_name=has_name)),
    )


def _needs_entries(patterns: frozenset[Address], undo: GalleryUndo) -> bool:
    """Return True if the undo cannot be written while `from:` declares the items `patterns`."""
    keys = {address.item for address in patterns}
    if keys & (undo.entries.keys() | undo.removed) or (keys and undo.has_moves):
        return True
    # An entry that is back can be placed between entries only, or at the end.
    last = max((index for index, key in enumerate(undo.order) if key not in undo.back), default=0)
    return bool(keys) and any(key in undo.back for key in undo.order[:last])


@dataclass(slots=True)
class _Writer:
    """Writes the entries with their former values; the id of each item is its key."""

    gallery: DesiredGallery
    undo: GalleryUndo
    sources: FormerSources
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

    def write(self, text: str, lacking: Mapping[str, frozenset[str]]) -> ManifestText:
        """Return the manifest; the names `lacking`, by key, are written although the file of the item may have them."""
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
            adopted={address.item or "": id_ for address, id_ in self.gallery.adopt.items()},
        )
        live = LiveGallery(
            id="", fields={"name": self.undo.name}, sort_order=None, total_items=None, items=tuple(items), raw={}
        )
        key = self.gallery.address.gallery
        return render_manifest(key, live, known, text, site=self.site, by_site=self.by_site, kept=kept)

    def _media_sources(self, entries: Mapping[str, DesiredItem]) -> Mapping[str, str]:
        """Return key → the value of `image:` or `video:`, except of former files that only the Media Manager has."""
        edited = {key: edit.former for key, edit in self.undo.entries.items() if edit.former}
        formers = {**edited, **self.undo.back}
        kept = {key: "unchanged" for key, entry in entries.items() if isinstance(entry.media, LocalFile | RemoteFile)}
        found = {key: self.sources.source(former) for key, former in formers.items()}
        return {key: source for key, source in {**kept, **found}.items() if source}

    def _item(self, key: str, entry: DesiredItem | None, lacking: frozenset[str]) -> LiveItem:
        edit = self.undo.entries.get(key)
        former = self.undo.back.get(key) or (edit.replaced if edit else None)
        if former is not None or entry is None:
            return former_item(former or self.undo.back[key], key)
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


def _shows_former_media(item: DesiredItem | None, former: FormerResource) -> bool:
    return (
        item is not None
        and item.kind is former.kind
        and (item.kind is Kind.TEXT or is_former_media(item.media, former))
    )


def _restored(
    undo: GalleryUndo, found: Mapping[str, DesiredItem], failed: Mapping[str, frozenset[str]], *, has_name: bool
) -> Iterator[str]:
    """Yield the values that the manifest has again: `KEY NAME`, or `name` or `order` of the gallery."""
    if undo.name is not None and has_name:
        yield "name"
    for key, edit in undo.entries.items():
        if edit.former is not None and _shows_former_media(found.get(key), edit.former):
            yield f"{key} {edit.former.kind}"
        names = () if edit.replaced else edit.fields
        labels = (FIELD_BY_NAME[name].key for name in names if name not in failed.get(key, ()))
        yield from dict.fromkeys(f"{key} {label}" for label in labels)
    if undo.has_moves:
        yield "order"


def _left(
    gallery: Address,
    undo: GalleryUndo,
    found: Mapping[str, DesiredItem],
    failed: Mapping[str, frozenset[str]],
    *,
    has_name: bool,
) -> Iterator[LeftChange]:
    """Yield what could not be written."""
    yield from undo.left
    if undo.name is not None and not has_name:
        yield LeftChange(address=gallery, why=f"name: {_CANNOT_HAVE}")
    for key, former in undo.back.items():
        if not _shows_former_media(found.get(key), former):
            yield LeftChange(address=Address(gallery.gallery, key), why="a manifest cannot declare the item")
    for key, edit in undo.entries.items():
        if edit.former is not None and not _shows_former_media(found.get(key), edit.former):
            yield LeftChange(address=Address(gallery.gallery, key), why=f"{edit.former.kind}: {_CANNOT_HAVE}")
    for key, names in failed.items():
        labels = ", ".join(dict.fromkeys(FIELD_BY_NAME[name].key for name in sorted(names)))
        yield LeftChange(address=Address(gallery.gallery, key), why=f"{labels}: {_CANNOT_HAVE}")
