"""A live gallery as a manifest that wants exactly it; an existing manifest keeps its comments and its order of keys."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from posixpath import splitext
from typing import Any

from galleryctl.manifest.keys import key_from_text, key_from_title, unique_key
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
from galleryctl.model.address import KEY_PATTERN
from galleryctl.model.errors import InvalidInput
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.media import Kind, WixFile


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestText:
    """A manifest's text, and the key under which it names each live item: item id → key."""

    text: str
    keys: Mapping[str, str] = field(default_factory=dict)


def render_manifest(
    gallery_key: str,
    gallery: LiveGallery,
    keys: Mapping[str, str],
    existing_text: str | None = None,
    *,
    applied_keys: Collection[str] = (),
) -> ManifestText:
    """The manifest of a live gallery whose items were read; `keys` has the keys of items that are managed already.

    Left out is what no manifest can say: empty fields, values that the schema refuses, items whose media is unknown.
    In an existing manifest the entries of managed items are brought up to date, those of vanished ones go, new ones
    are added; items whose key only a `from:` can have made are left to it. An entry without a live item has vanished if
    its key is in `applied`, those that were made once; else it is still to be made, and stays. Raises InvalidInput when
    the manifest is unreadable.
    """
    wanted = [item for item in gallery.items or () if source_text(item) is not None]
    if existing_text is not None:
        return _update_manifest(gallery_key, gallery, wanted, keys, existing_text, applied_keys)
    named = _assign_keys(wanted, keys)
    tree: Any = to_yaml_value({"gallery": gallery_key})
    tree["bind"] = to_yaml_value({"id": gallery.id}, flow=True)
    if gallery.name and is_representable(gallery.name):
        tree["name"] = to_yaml_value(gallery.name)
    tree["items"] = to_yaml_value(())
    tree["items"].extend(new_entry(named[item.id], item, source_text(item) or "", {}) for item in wanted)
    return ManifestText(text=dump_round_trip(tree, gallery_key), keys=named)


def _update_manifest(
    gallery_key: str,
    gallery: LiveGallery,
    live_items: list[LiveItem],
    keys: Mapping[str, str],
    text: str,
    applied_keys: Collection[str],
) -> ManifestText:
    # a variable stands for itself, so that what is written as `$${` compares as the text that it means
    themselves = {name: f"${{{name}}}" for name in variable_names(text)}
    document = replace_variables(parse_yaml_text(text, f"{gallery_key}.yaml"), themselves)
    if document.problems or document.root is None or document.root.parts is None:
        raise InvalidInput(document.problems)
    tree = load_round_trip(text, document.file)
    _update_header(tree, document, gallery)
    if not isinstance(tree.get("items"), list):
        tree["items"] = to_yaml_value(())
    named = _update_items(tree["items"], document, live_items, keys, applied_keys)
    patterns = {item.id: keys[item.id] for item in live_items if item.id not in named}
    return ManifestText(text=dump_round_trip(tree, document.file), keys={**named, **patterns})


def _update_header(tree: Any, document: YamlDocument, gallery: LiveGallery) -> None:
    """Bring name and binding up to date, as far as they are written out."""
    top = document.root
    name = top.part("name") if top else None
    if is_representable(gallery.name) and not (name and name.hidden) and gallery.name != ((name and name.value) or ""):
        set_key(tree, "name", to_yaml_value(gallery.name or None), GALLERY_KEY_ORDER)
    bind = top.part("bind") if top else None
    if bind is None:
        set_key(tree, "bind", to_yaml_value({"id": gallery.id}, flow=True), GALLERY_KEY_ORDER)
    for part, value in (("id", gallery.id), ("name", gallery.name)):
        known = bind.part(part) if bind else None
        if known and value and not known.hidden and known.value != value and is_representable(value):
            tree["bind"][part] = to_yaml_value(value, flow=True)


def _update_items(
    sequence: Any,
    document: YamlDocument,
    live_items: list[LiveItem],
    keys: Mapping[str, str],
    applied_keys: Collection[str],
) -> Mapping[str, str]:
    """Bring the list up to date; returns the key of each item that an entry of its own names."""
    entries = parse_entries(document)
    by_key = {entry.key: entry for entry in entries if entry.key}
    if any(entry.is_pattern for entry in entries):
        # a managed item that no entry names was made by a `from:`
        live_items = [item for item in live_items if item.id not in keys or keys[item.id] in by_key]
    named = _assign_keys(live_items, keys, taken=frozenset(by_key) - frozenset(keys.values()))
    live = {named[item.id]: item for item in live_items}
    nodes: list[tuple[ItemEntry, Any]] = []
    for entry in entries:
        item = live.get(entry.key)
        if item is not None and item.kind is entry.kind:
            update_entry(sequence[entry.index], entry, document, item, source_text(item) or "")
            nodes.append((entry, sequence[entry.index]))
        elif item is None and entry.key not in applied_keys:
            nodes.append((entry, sequence[entry.index]))
    present = {entry.key for entry, _ in nodes}
    ordered = _in_live_order(nodes, list(live))
    for key, item in live.items():
        if key not in present:
            entry_tree = new_entry(key, item, source_text(item) or "", default_fields(document, item.kind))
            ordered.insert(_insert_index(ordered, list(live), key), (key, entry_tree))
    _replace_entries(sequence, [node for _, node in ordered])
    return named


def _in_live_order(nodes: Sequence[tuple[ItemEntry, Any]], order: Sequence[str]) -> list[tuple[str, Any]]:
    """Those of files, and those still to be made, stay at their places in the list; the others fill the rest in live order."""
    places = {key: place for place, key in enumerate(order)}
    live = iter(sorted((p for p in nodes if p[0].key in places), key=lambda pair: places[pair[0].key]))
    ordered = [next(live) if pair[0].key in places else pair for pair in nodes]
    return [(entry.key, node) for entry, node in ordered]


def _insert_index(nodes: Sequence[tuple[str, Any]], order: Sequence[str], key: str) -> int:
    """Where a new entry goes: behind the last one that is shown before it; at the end if none is shown after it."""
    places = {other: place for place, other in enumerate(order)}
    before = [index for index, (other, _) in enumerate(nodes) if places.get(other, places[key]) < places[key]]
    after = any(places.get(other, -1) > places[key] for other, _ in nodes)
    return (before[-1] + 1 if before else 0) if after else len(nodes)


def _replace_entries(sequence: Any, nodes: Sequence[Any]) -> None:
    """Make the list what it shall be; as long as only entries go or come at its end, all comments stay."""
    if not len(sequence):
        sequence.fa.set_block_style()
    wanted = {id(node) for node in nodes}
    for index in range(len(sequence) - 1, -1, -1):
        if id(sequence[index]) not in wanted:
            del sequence[index]
    for index in range(len(sequence)):
        if sequence[index] is not nodes[index]:
            sequence[index] = nodes[index]
    sequence.extend(nodes[len(sequence) :])


def _assign_keys(
    live_items: Sequence[LiveItem], keys: Mapping[str, str], taken: frozenset[str] = frozenset()
) -> dict[str, str]:
    """Item id → key: the known one, else from the title or the file's name, else `image-1`; each once."""
    named = {item.id: keys[item.id] for item in live_items if KEY_PATTERN.match(keys.get(item.id, ""))}
    used = {*named.values(), *taken}
    for item in live_items:
        if item.id in named:
            continue
        filename = item.media.filename if isinstance(item.media, WixFile) else ""
        base = key_from_title(str(item.fields.get("title") or "")) or key_from_text(splitext(filename)[0])
        named[item.id] = unique_key(base, used) if base else _numbered_key(item.kind, used)
        used.add(named[item.id])
    return named


def _numbered_key(kind: Kind, used: set[str]) -> str:
    number = 1
    while f"{kind.value}-{number}" in used:
        number += 1
    return f"{kind.value}-{number}"
