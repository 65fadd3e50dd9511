"""Writes a manifest that matches a live gallery; an existing manifest keeps its comments and key order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from galleryctl.manifest.files.atomic_write import with_line_ends_of, with_unix_line_ends
from galleryctl.manifest.write.adopt import write_adopted
from galleryctl.manifest.write.entries import EntryEdit, entry_edit, new_entry, parse_entries
from galleryctl.manifest.write.placement import KnownKeys, PlacedEntries, assign_keys, place_entries
from galleryctl.manifest.write.representable import is_representable
from galleryctl.manifest.write.rewrite import ManifestEdit, parse_with_variables, rewrite_manifest
from galleryctl.manifest.write.text_edits import entry_lines
from galleryctl.manifest.yaml.dump import dump_round_trip, to_yaml_value
from galleryctl.manifest.yaml.nodes import YamlDocument, YamlNode
from galleryctl.model.errors import InvalidInput
from galleryctl.model.fields import Json
from galleryctl.model.live import LiveGallery, LiveItem


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestText:
    """The text of a manifest, and the key of each live item in it: item id → key."""

    text: str
    keys: Mapping[str, str] = field(default_factory=dict)
    adopted: Mapping[str, str] = field(default_factory=dict)
    """The lines of `adopt` for the site: key → item id."""
    removed: tuple[str, ...] = ()
    """The keys of the entries that were removed."""
    updated: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The keys of entries that have another value now: id of the gallery or item → keys; empty if none has."""
    ended: Mapping[str, str] = field(default_factory=dict)
    """The items that are not in it because the management of their key ended: item id → key."""
    undeclarable: Mapping[str, str] = field(default_factory=dict)
    """The managed items that a manifest cannot declare; their entries stay as they are: item id → key."""

    def mentions(self, id_: str) -> bool:
        """Return True if the item is in the manifest, or is left out on purpose."""
        return id_ in self.keys or id_ in self.ended or id_ in self.undeclarable


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptParts:
    """The parts of a manifest that are kept, because nobody changed them on the site.

    `items` are the ids of the items whose entries are kept as they are. `replaced` are the ids of the items whose media
    somebody replaced; they are not kept. `uncaptioned` are those of the items whose entries no longer read the captions of
    their file. `adopted` are lines of `adopt` that are kept although state has their items, key
    → live id, unless their entries are removed.
    """

    name: bool = False
    bind: bool = False
    order: bool = False
    items: frozenset[str] = frozenset()
    replaced: frozenset[str] = frozenset()
    uncaptioned: frozenset[str] = frozenset()
    adopted: Mapping[str, str] = field(default_factory=dict)
    patterns: Mapping[int, Sequence[str]] = field(default_factory=dict)
    """The index of each `from:` entry whose items are displayed one after another → their keys: it gets their place."""


_NOTHING_KEPT = KeptParts()
_ENTRY_INDENT = 2


def render_manifest(
    gallery_key: str,
    gallery: LiveGallery,
    known: KnownKeys,
    existing_text: str | None = None,
    *,
    site: str,
    by_site: bool = False,
    kept: KeptParts = _NOTHING_KEPT,
    protect: bool = True,
    file: str = "",
) -> ManifestText:
    """Return the manifest of a live gallery with its items, and with `adopt` lines for those that state does not have.

    `file` is the name of an existing manifest in problems.

    Values that a manifest cannot represent are left out: empty fields, values that violate the schema, items with
    unknown media. The entry of a managed item with such media stays as it is. In an existing manifest, entries of known items are updated and new items are added; items that a
    `from:` entry declares get no entry. Without an id, a new manifest says that the gallery is to be created. `by_site` writes the `adopt` lines below the name of the site. Raises
    InvalidInput for an unreadable manifest.
    """
    file = file or f"{gallery_key}.yaml"
    items = [item for item in gallery.items or () if known.source(item) is not None]
    undeclarable = _undeclarable(gallery, known)
    known = replace(known, applied=set(known.applied).difference(undeclarable.values()))
    if existing_text is None:
        rendered = _new_manifest(gallery_key, gallery, items, known, protect=protect)
    else:
        rendered = _update_manifest(file, gallery, items, known, with_unix_line_ends(existing_text), kept)
    kept_lines = {key: id_ for key, id_ in kept.adopted.items() if key not in rendered.removed}
    keys = {**undeclarable, **rendered.keys}
    adopted = {**kept_lines, **{key: id_ for id_, key in keys.items() if id_ not in known.in_state}}
    text = write_adopted(rendered.text, file, adopted, site=site, by_site=by_site, dropped=rendered.removed)
    text = text if existing_text is None else with_line_ends_of(text, existing_text)
    return replace(rendered, text=text, adopted=dict(sorted(adopted.items())), undeclarable=undeclarable)


def _undeclarable(gallery: LiveGallery, known: KnownKeys) -> Mapping[str, str]:
    """Return item id → key of the managed items that the manifest declares and whose media it cannot represent."""
    keys = {item.id: known.by_id.get(item.id, "") for item in gallery.items or () if known.source(item) is None}
    return {id_: key for id_, key in keys.items() if key in known.applied and key in known.declared}


def _new_manifest(
    gallery_key: str, gallery: LiveGallery, live_items: Sequence[LiveItem], known: KnownKeys, *, protect: bool
) -> ManifestText:
    item_keys, ended = assign_keys(live_items, known.by_id, taken=known.reserved, ended=known.ended)
    items = [item for item in live_items if item.id in item_keys]
    tree: Any = to_yaml_value({"gallery": gallery_key})
    tree["bind"] = to_yaml_value({"id": gallery.id} if gallery.id else {"create": True}, flow=True)
    if gallery.name and is_representable(gallery.name):
        tree["name"] = to_yaml_value(gallery.name)
    if not protect:
        tree["protect"] = False
    head = dump_round_trip(tree, gallery_key)
    lines = [
        line
        for item in items
        for line in entry_lines(new_entry(item_keys[item.id], item, known.source(item) or "", {}), _ENTRY_INDENT)
    ]
    text = "\n".join((f"{head}items:", *lines, "")) if lines else f"{head}items: []\n"
    return ManifestText(text=text, keys=item_keys, ended=ended)


def _update_manifest(
    file: str,
    gallery: LiveGallery,
    live_items: Sequence[LiveItem],
    known: KnownKeys,
    text: str,
    kept: KeptParts,
) -> ManifestText:
    text = text.removeprefix("\ufeff")
    document = parse_with_variables(text, file)
    if document.problems or document.root is None or document.root.parts is None:
        raise InvalidInput(document.problems)
    placed = place_entries(
        document, live_items, known, keeps_order=kept.order, unchanged=kept.items, patterns=kept.patterns
    )
    edits = _entry_edits(document, placed, known, kept)
    header = _header_edit(document.root, gallery, kept)
    by_index = {index: each for index, each in edits.values() if each != EntryEdit()}
    edit = ManifestEdit(document=document, order=placed.order, entry_edits=by_index, header=header)
    updated = {
        placed.updates[key].id: tuple(name for name in each.values if name != "key") for key, (_, each) in edits.items()
    }
    updated[gallery.id] = (*(("name",) if "name" in header else ()), *(("order",) if edit.has_moves else ()))
    return ManifestText(
        text=rewrite_manifest(text, edit),
        keys=placed.keys,
        removed=placed.removed,
        updated=updated,
        ended=placed.ended,
    )


def _entry_edits(
    document: YamlDocument, placed: PlacedEntries, known: KnownKeys, kept: KeptParts
) -> Mapping[str, tuple[int, EntryEdit]]:
    """Return key → index and changes of the entries that are updated, also if they have no new value."""
    return {
        entry.key: (
            entry.index,
            entry_edit(
                entry,
                document,
                item,
                known.source(item) or "",
                is_replaced=item.id in kept.replaced,
                is_uncaptioned=item.id in kept.uncaptioned,
                resolved=None if item.id in kept.replaced else known.values.get(entry.key),
            ),
        )
        for entry in parse_entries(document)
        if (item := placed.updates.get(entry.key)) is not None
    }


def _header_edit(top: YamlNode, gallery: LiveGallery, kept: KeptParts) -> Mapping[str, Json]:
    """Return new values of name and bind, unless they come from the environment."""
    edit: dict[str, Json] = {}
    name = top.part("name")
    stays = kept.name or not is_representable(gallery.name) or bool(name and name.hidden)
    if not stays and gallery.name != ((name and name.value) or ""):
        edit["name"] = gallery.name or None
    if kept.bind:
        return edit
    bind = top.part("bind")
    if bind is None or not isinstance(bind.value, Mapping):
        return {**edit, "bind": {"id": gallery.id}}
    parts = dict(bind.value)
    for part, value in (("id", gallery.id), ("name", gallery.name)):
        node = bind.part(part)
        if node and value and not node.hidden and is_representable(value):
            parts[part] = value
    return edit if parts == bind.value else {**edit, "bind": parts}
