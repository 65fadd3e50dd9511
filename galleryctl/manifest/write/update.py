"""Writes a manifest that matches a live gallery; an existing manifest keeps its comments and key order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from galleryctl.manifest.files.atomic_write import with_line_ends_of, with_unix_line_ends
from galleryctl.manifest.write.adopt import write_adopted
from galleryctl.manifest.write.entries import (
    is_representable,
    new_entry,
    parse_entries,
    set_key,
    update_entry,
)
from galleryctl.manifest.write.format import GALLERY_KEY_ORDER
from galleryctl.manifest.write.item_lines import split_items
from galleryctl.manifest.write.placement import KnownKeys, PlacedEntries, assign_keys, place_entries
from galleryctl.manifest.yaml.dump import dump_round_trip, load_round_trip, to_yaml_value
from galleryctl.manifest.yaml.interpolate import keep_variables
from galleryctl.manifest.yaml.nodes import YamlDocument
from galleryctl.manifest.yaml.parse import parse_yaml_text
from galleryctl.manifest.yaml.variables import variable_names
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

    def mentions(self, id_: str) -> bool:
        """Return True if the item is in the manifest, or is left out on purpose."""
        return id_ in self.keys or id_ in self.ended


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptParts:
    """The parts of a manifest that are kept, because nobody changed them on the site.

    `items` are the ids of the items whose entries are kept as they are. `replaced` are the ids of the items whose media
    somebody replaced; they are not kept. `adopted` are lines of `adopt` that are kept although state has their items, key
    → live id, unless their entries are removed.
    """

    name: bool = False
    bind: bool = False
    order: bool = False
    items: frozenset[str] = frozenset()
    replaced: frozenset[str] = frozenset()
    adopted: Mapping[str, str] = field(default_factory=dict)


_NOTHING_KEPT = KeptParts()


def render_manifest(
    gallery_key: str,
    gallery: LiveGallery,
    known: KnownKeys,
    existing_text: str | None = None,
    *,
    site: str,
    by_site: bool = False,
    kept: KeptParts = _NOTHING_KEPT,
) -> ManifestText:
    """Return the manifest of a live gallery with its items, and with `adopt` lines for those that state does not have.

    Values that a manifest cannot represent are left out: empty fields, values that violate the schema, items with
    unknown media. In an existing manifest, entries of known items are updated and new items are added; items that a
    `from:` entry declares get no entry. Without an id, a new manifest says that the gallery is to be created. `by_site` writes the `adopt` lines below the name of the site. Raises
    InvalidInput for an unreadable manifest.
    """
    items = [item for item in gallery.items or () if known.source(item) is not None]
    if existing_text is None:
        rendered = _new_manifest(gallery_key, gallery, items, known)
    else:
        rendered = _update_manifest(gallery_key, gallery, items, known, with_unix_line_ends(existing_text), kept)
    kept_lines = {key: id_ for key, id_ in kept.adopted.items() if key not in rendered.removed}
    adopted = {**kept_lines, **{key: id_ for id_, key in rendered.keys.items() if id_ not in known.in_state}}
    file = f"{gallery_key}.yaml"
    text = write_adopted(rendered.text, file, adopted, site=site, by_site=by_site, dropped=rendered.removed)
    text = text if existing_text is None else with_line_ends_of(text, existing_text)
    return replace(rendered, text=text, adopted=dict(sorted(adopted.items())))


def _new_manifest(
    gallery_key: str, gallery: LiveGallery, live_items: Sequence[LiveItem], known: KnownKeys
) -> ManifestText:
    item_keys, ended = assign_keys(live_items, known.by_id, taken=known.reserved, ended=known.ended)
    items = [item for item in live_items if item.id in item_keys]
    tree: Any = to_yaml_value({"gallery": gallery_key})
    tree["bind"] = to_yaml_value({"id": gallery.id} if gallery.id else {"create": True}, flow=True)
    if gallery.name and is_representable(gallery.name):
        tree["name"] = to_yaml_value(gallery.name)
    tree["items"] = to_yaml_value(())
    tree["items"].extend(new_entry(item_keys[item.id], item, known.source(item) or "", {}) for item in items)
    return ManifestText(text=dump_round_trip(tree, gallery_key), keys=item_keys, ended=ended)


def _update_manifest(
    gallery_key: str,
    gallery: LiveGallery,
    live_items: Sequence[LiveItem],
    known: KnownKeys,
    text: str,
    kept: KeptParts,
) -> ManifestText:
    document = _parse(text, f"{gallery_key}.yaml")
    if document.problems or document.root is None or document.root.parts is None:
        raise InvalidInput(document.problems)
    placed = place_entries(document, live_items, known, keeps_order=kept.order, unchanged=kept.items)
    update = (text, document, gallery, placed, known, kept)
    written = _write_lines(*update) or _write_tree(*update)
    indexes = [place for _, place in placed.order if isinstance(place, int)]
    if indexes != sorted(indexes):
        header = (*written.updated[gallery.id], "order")
        written = replace(written, updated={**written.updated, gallery.id: header})
    return replace(written, keys=placed.keys, removed=placed.removed, ended=placed.ended)


def _write_lines(
    text: str,
    document: YamlDocument,
    gallery: LiveGallery,
    placed: PlacedEntries,
    known: KnownKeys,
    kept: KeptParts,
) -> ManifestText | None:
    """Return the manifest with the lines of its entries rearranged; None if they cannot be, as with an alias."""
    before = split_items(text, document.root) if document.root else None
    if before is None:
        return None
    new = {key: before.new_entry(node, document.file) for key, node in placed.order if not isinstance(node, int)}
    arranged = before.arranged([place if isinstance(place, int) else new[key] for key, place in placed.order])
    bare = _parse(arranged.bare_text(), document.file)
    old_values = _item_values(document)
    wanted = [old_values[place] for _, place in placed.order if isinstance(place, int)]
    found = [
        value for (_, place), value in zip(placed.order, _item_values(bare), strict=False) if isinstance(place, int)
    ]
    if bare.problems or bare.root is None or len(_item_values(bare)) != len(placed.order) or found != wanted:
        return None
    tree, updated = _update_values(arranged.bare_text(), bare, gallery, placed, known, kept)
    result = dump_round_trip(tree, document.file)
    values = _parse(result, document.file)
    after = split_items(result, values.root) if values.root else None
    if after is None or len(after.entries) != len(arranged.entries):
        return None
    result = after.with_remarks_of(arranged)
    written = _parse(result, document.file)
    if written.problems or written.root is None or values.root is None or written.root.value != values.root.value:
        return None
    return ManifestText(text=result, updated=updated)


def _write_tree(
    text: str,
    document: YamlDocument,
    gallery: LiveGallery,
    placed: PlacedEntries,
    known: KnownKeys,
    kept: KeptParts,
) -> ManifestText:
    """Return the manifest written by ruamel, which keeps comments at their index in the list."""
    tree, updated = _update_values(text, document, gallery, placed, known, kept)
    nodes = list(tree["items"])
    _replace_entries(tree["items"], [nodes[place] if isinstance(place, int) else place for _, place in placed.order])
    return ManifestText(text=dump_round_trip(tree, document.file), updated=updated)


def _parse(text: str, file: str) -> YamlDocument:
    """Return the document with each variable as itself: only the escapes change, `$${` to `${`, as in live values."""
    return keep_variables(parse_yaml_text(text, file), variable_names(text))


def _item_values(document: YamlDocument) -> Sequence[Json]:
    items = document.root.part("items") if document.root else None
    return [node.value for node in (items.items if items else None) or ()]


def _update_values(
    text: str,
    document: YamlDocument,
    gallery: LiveGallery,
    placed: PlacedEntries,
    known: KnownKeys,
    kept: KeptParts,
) -> tuple[Any, Mapping[str, tuple[str, ...]]]:
    """Return the ruamel tree with live values, and the keys of the values that are new: id → keys."""
    tree = load_round_trip(text, document.file)
    updated = {gallery.id: _update_header(tree, document, gallery, kept)}
    if not isinstance(tree.get("items"), list):
        tree["items"] = to_yaml_value(())
    for entry in parse_entries(document):
        item = placed.updates.get(entry.key)
        if item is not None and item.kind is entry.kind:
            source, is_replaced = known.source(item) or "", item.id in kept.replaced
            node, values = tree["items"][entry.index], None if is_replaced else known.values.get(entry.key)
            updated[item.id] = update_entry(
                node, entry, document, item, source, is_replaced=is_replaced, resolved=values
            )
    return tree, updated


def _update_header(tree: Any, document: YamlDocument, gallery: LiveGallery, kept: KeptParts) -> tuple[str, ...]:
    """Update name and bind, unless they come from the environment; return the keys whose values are new."""
    top = document.root
    name = top.part("name") if top else None
    stays = kept.name or not is_representable(gallery.name) or bool(name and name.hidden)
    is_new = not stays and gallery.name != ((name and name.value) or "")
    if is_new:
        set_key(tree, "name", to_yaml_value(gallery.name or None), GALLERY_KEY_ORDER)
    bind = top.part("bind") if top else None
    if bind is None and not kept.bind:
        set_key(tree, "bind", to_yaml_value({"id": gallery.id}, flow=True), GALLERY_KEY_ORDER)
    for part, value in () if kept.bind else (("id", gallery.id), ("name", gallery.name)):
        node = bind.part(part) if bind else None
        if node and value and not node.hidden and node.value != value and is_representable(value):
            tree["bind"][part] = to_yaml_value(value, flow=True)
    return ("name",) if is_new else ()


def _replace_entries(sequence: Any, nodes: Sequence[Any]) -> None:
    """Replace the entries of the list, keeping the others in place, since ruamel loses comments of moved entries."""
    if not len(sequence):
        sequence.fa.set_block_style()
    kept = {id(node) for node in nodes}
    for index in reversed(range(len(sequence))):
        if id(sequence[index]) not in kept:
            del sequence[index]
    for index in range(len(sequence)):
        if sequence[index] is not nodes[index]:
            sequence[index] = nodes[index]
    sequence.extend(nodes[len(sequence) :])
