"""Writes a manifest that matches a live gallery; an existing manifest keeps its comments and key order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from posixpath import splitext
from typing import Any

from galleryctl.manifest.keys import key_from_title, unique_key
from galleryctl.manifest.write.adopt import write_adopted
from galleryctl.manifest.write.entries import (
    ItemEntry,
    default_fields,
    is_representable,
    new_entry,
    parse_entries,
    set_key,
    source_text,
    update_entry,
)
from galleryctl.manifest.write.format import GALLERY_KEY_ORDER
from galleryctl.manifest.yaml.dump import dump_round_trip, load_round_trip, to_yaml_value
from galleryctl.manifest.yaml.interpolate import replace_variables
from galleryctl.manifest.yaml.nodes import YamlDocument
from galleryctl.manifest.yaml.parse import parse_yaml_text
from galleryctl.manifest.yaml.variables import variable_names
from galleryctl.model.address import KEY_PATTERN, key_from_text
from galleryctl.model.errors import InvalidInput
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.media import WixFile


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
class KnownKeys:
    """The keys of a gallery's items that are known before an import, and those that it must not use.

    An entry without a live item is removed if its key is in `applied`; otherwise it is not created yet, and stays.
    """

    by_id: Mapping[str, str] = field(default_factory=dict)
    """Item id → key, from state and the manifest."""
    in_state: Collection[str] = ()
    """The ids of items in state, which need no line in `adopt`."""
    declared: Collection[str] = ()
    """The keys of the manifest, including those of the files that `from:` finds."""
    applied: Collection[str] = ()
    ended: Collection[str] = ()
    """The keys of unknown items whose management ended; an item that would get one of them is left out."""
    reserved: Collection[str] = ()
    """The keys of known items whose management ended; another item gets another key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptParts:
    """The parts of a manifest that an import keeps, because nobody changed them on the site.

    `replaced` are the ids of the items whose media somebody replaced; they are not kept.
    """

    name: bool = False
    order: bool = False
    replaced: frozenset[str] = frozenset()


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
    `from:` entry declares get no entry. `by_site` writes the `adopt` lines below the name of the site. Raises
    InvalidInput for an unreadable manifest.
    """
    items = [item for item in gallery.items or () if source_text(item) is not None]
    if existing_text is None:
        rendered = _new_manifest(gallery_key, gallery, items, known)
    else:
        rendered = _update_manifest(gallery_key, gallery, items, known, existing_text, kept)
    adopted = {key: id_ for id_, key in rendered.keys.items() if id_ not in known.in_state}
    file = f"{gallery_key}.yaml"
    text = write_adopted(rendered.text, file, adopted, site=site, by_site=by_site, dropped=rendered.removed)
    return replace(rendered, text=text, adopted=dict(sorted(adopted.items())))


def _new_manifest(
    gallery_key: str, gallery: LiveGallery, live_items: Sequence[LiveItem], known: KnownKeys
) -> ManifestText:
    item_keys, ended = _assign_keys(live_items, known.by_id, taken=known.reserved, ended=known.ended)
    items = [item for item in live_items if item.id in item_keys]
    tree: Any = to_yaml_value({"gallery": gallery_key})
    tree["bind"] = to_yaml_value({"id": gallery.id}, flow=True)
    if gallery.name and is_representable(gallery.name):
        tree["name"] = to_yaml_value(gallery.name)
    tree["items"] = to_yaml_value(())
    tree["items"].extend(new_entry(item_keys[item.id], item, source_text(item) or "", {}) for item in items)
    return ManifestText(text=dump_round_trip(tree, gallery_key), keys=item_keys, ended=ended)


def _update_manifest(
    gallery_key: str,
    gallery: LiveGallery,
    live_items: Sequence[LiveItem],
    known: KnownKeys,
    text: str,
    kept: KeptParts,
) -> ManifestText:
    # Replace each variable with itself: only the escapes change, `$${` to `${`, which the live values contain.
    identity = {name: f"${{{name}}}" for name in variable_names(text)}
    document = replace_variables(parse_yaml_text(text, f"{gallery_key}.yaml"), identity)
    if document.problems or document.root is None or document.root.parts is None:
        raise InvalidInput(document.problems)
    tree = load_round_trip(text, document.file)
    header = _update_header(tree, document, gallery, keep_name=kept.name)
    if not isinstance(tree.get("items"), list):
        tree["items"] = to_yaml_value(())
    before = {id(node): index for index, node in enumerate(tree["items"])}
    updated = _update_items(tree["items"], document, live_items, known, kept)
    indexes = [before[id(node)] for node in tree["items"] if id(node) in before]
    if indexes != sorted(indexes):
        header = (*header, "order")
    return replace(updated, text=dump_round_trip(tree, document.file), updated={gallery.id: header, **updated.updated})


def _update_header(tree: Any, document: YamlDocument, gallery: LiveGallery, *, keep_name: bool) -> tuple[str, ...]:
    """Update name and bind, unless they come from the environment; return the keys whose values are new."""
    top = document.root
    name = top.part("name") if top else None
    stays = keep_name or not is_representable(gallery.name) or bool(name and name.hidden)
    is_new = not stays and gallery.name != ((name and name.value) or "")
    if is_new:
        set_key(tree, "name", to_yaml_value(gallery.name or None), GALLERY_KEY_ORDER)
    bind = top.part("bind") if top else None
    if bind is None:
        set_key(tree, "bind", to_yaml_value({"id": gallery.id}, flow=True), GALLERY_KEY_ORDER)
    for part, value in (("id", gallery.id), ("name", gallery.name)):
        node = bind.part(part) if bind else None
        if node and value and not node.hidden and node.value != value and is_representable(value):
            tree["bind"][part] = to_yaml_value(value, flow=True)
    return ("name",) if is_new else ()


def _update_items(
    sequence: Any, document: YamlDocument, live_items: Sequence[LiveItem], known: KnownKeys, kept: KeptParts
) -> ManifestText:
    """Update the list of entries; return what is known of them, without the text."""
    entries = parse_entries(document)
    by_key = {entry.key: entry for entry in entries if entry.key}
    by_pattern = set(known.declared) - by_key.keys()
    from_patterns = {item.id: key for item in live_items if (key := known.by_id.get(item.id)) in by_pattern}
    live_items = [item for item in live_items if item.id not in from_patterns]
    taken = {*by_key, *known.declared, *known.reserved}.difference(known.by_id.values())
    item_keys, ended = _assign_keys(live_items, known.by_id, taken=taken, ended=known.ended)
    live = {item_keys[item.id]: item for item in live_items if item.id in item_keys}
    nodes: list[tuple[ItemEntry, Any]] = []
    removed: list[str] = []
    updated: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        item = live.get(entry.key)
        if item is not None and item.kind is entry.kind:
            source, is_replaced = source_text(item) or "", item.id in kept.replaced
            tree = sequence[entry.index]
            updated[item.id] = update_entry(tree, entry, document, item, source, is_replaced=is_replaced)
            nodes.append((entry, sequence[entry.index]))
        elif item is None and entry.key not in known.applied:
            nodes.append((entry, sequence[entry.index]))
        elif item is None:
            removed.append(entry.key)
    present = {entry.key for entry, _ in nodes}
    ordered = [(entry.key, node) for entry, node in nodes] if kept.order else _in_live_order(nodes, list(live))
    for key, item in live.items():
        if key not in present:
            entry_tree = new_entry(key, item, source_text(item) or "", default_fields(document, item.kind))
            ordered.insert(_insert_index(ordered, list(live), key), (key, entry_tree))
    _replace_entries(sequence, [node for _, node in ordered])
    keys = {**item_keys, **from_patterns}
    return ManifestText(text="", keys=keys, removed=tuple(removed), updated=updated, ended=ended)


def _in_live_order(nodes: Sequence[tuple[ItemEntry, Any]], order: Sequence[str]) -> list[tuple[str, Any]]:
    """Sort the entries of live items in live order; `from:` entries and items to create keep their indexes.

    Entries [b, from, a, new] and live order [a, b] become [a, from, b, new].
    """
    ranks = {key: rank for rank, key in enumerate(order)}
    live = iter(sorted((pair for pair in nodes if pair[0].key in ranks), key=lambda pair: ranks[pair[0].key]))
    ordered = [next(live) if pair[0].key in ranks else pair for pair in nodes]
    return [(entry.key, node) for entry, node in ordered]


def _insert_index(nodes: Sequence[tuple[str, Any]], order: Sequence[str], key: str) -> int:
    """Return the index for a new entry: after the last one displayed before it; the end if none comes after it."""
    ranks = {other: rank for rank, other in enumerate(order)}
    before = [index for index, (other, _) in enumerate(nodes) if ranks.get(other, ranks[key]) < ranks[key]]
    is_last = not any(ranks.get(other, -1) > ranks[key] for other, _ in nodes)
    return len(nodes) if is_last else (before[-1] + 1 if before else 0)


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


def _assign_keys(
    live_items: Sequence[LiveItem],
    keys: Mapping[str, str],
    *,
    taken: Collection[str] = (),
    ended: Collection[str] = (),
) -> tuple[dict[str, str], dict[str, str]]:
    """Return item id → unique key: the one in `keys`, else from the title or the file name, else `image-1`.

    An item without a key that would get one in `ended` gets none. These items are the second result: item id → that key.
    """
    assigned = {item.id: keys[item.id] for item in live_items if KEY_PATTERN.match(keys.get(item.id, ""))}
    used = {*assigned.values(), *taken}
    left_out: dict[str, str] = {}
    for item in live_items:
        if item.id in assigned:
            continue
        filename = item.media.filename if isinstance(item.media, WixFile) else ""
        base = key_from_title(str(item.fields.get("title") or "")) or key_from_text(splitext(filename)[0])
        numbered = (f"{item.kind.value}-{number}" for number in count(1))
        key = unique_key(base, used) if base else next(key for key in numbered if key not in used)
        (left_out if key in ended else assigned)[item.id] = key
        used.add(key)
    return assigned, left_out
