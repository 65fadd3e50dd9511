"""Updates manifest entries, and creates new ones, from live items."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from galleryctl.manifest.media_source import MediaSourceError, parse_media_source, source_base_name
from galleryctl.manifest.values import get_string, ignored_fields, parse_fields
from galleryctl.manifest.write.format import ITEM_KEY_ORDER
from galleryctl.manifest.write.representable import LINK_FIELDS, representable_fields, to_json_types
from galleryctl.manifest.yaml.dump import to_yaml_value
from galleryctl.manifest.yaml.nodes import YamlDocument, YamlNode
from galleryctl.model.address import key_from_text
from galleryctl.model.fields import FIELD_BY_NAME, FIELDS_BY_KIND, Fields, Json, is_empty, values_equal
from galleryctl.model.live import LiveItem
from galleryctl.model.media import HostedVideo, Kind, WixFile


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemEntry:
    """An entry of `items`; `kind` is None and `key` "" for a `from:` entry and an entry without source."""

    index: int
    node: YamlNode
    key: str
    kind: Kind | None
    is_pattern: bool


def parse_entries(document: YamlDocument) -> list[ItemEntry]:
    """Return the entries of the document's `items`."""
    items = document.root.part("items") if document.root else None
    return [_parse_entry(index, node) for index, node in enumerate((items.items or ()) if items else ())]


def _parse_entry(index: int, node: YamlNode) -> ItemEntry:
    parts = node.parts or {}
    kind = next((kind for kind in Kind if kind.value in parts), None)
    key = ""
    if kind is not None:
        key = get_string(node, "key") or key_from_text(source_base_name(str(parts[kind.value].value), kind))
    return ItemEntry(index=index, node=node, key=key, kind=kind, is_pattern=kind is None)


def new_entry(
    key: str, item: LiveItem, source: str, defaults: Fields, ignored: Collection[str] = ()
) -> Mapping[str, Json]:
    """Return the members of a new entry for a live item; fields equal to the defaults, or `ignored`, are left out."""
    entry: dict[str, Json] = {"key": key, item.kind.value: source}
    values = {
        name: value
        for name, value in representable_fields(item).items()
        if name not in ignored and (not is_empty(value) or not is_empty(defaults.get(name)))
    }
    for name in ITEM_KEY_ORDER:
        if name == "link" and any(part in values for part in LINK_FIELDS):
            entry["link"] = _link_value(values, pinned="link.text" in defaults)
        elif name in values and not (name in defaults and values_equal(defaults[name], values[name])):
            entry[name] = _value_or_null(values[name])
    return entry


def is_inline(key: str) -> bool:
    """Return True for a key whose value is written on one line."""
    return key == "link" or (key in FIELD_BY_NAME and FIELD_BY_NAME[key].one_line)


def entry_tree(members: Mapping[str, Json]) -> Any:
    """Return the members of an entry for ruamel to write."""
    tree = to_yaml_value({})
    for key, value in members.items():
        tree[key] = to_yaml_value(value, flow=is_inline(key))
    return tree


def _value_or_null(value: Json) -> Json:
    return None if is_empty(value) else to_json_types(value)


def _link_value(values: Fields, *, pinned: bool) -> Json:
    """Return the value of `link`; `pinned` writes a missing text as null, so that defaults do not apply."""
    url, text = (values.get(part) or "" for part in LINK_FIELDS)
    if url and not text and not pinned:
        return url
    return {"url": url or None, "text": text or None} if url or text else None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryEdit:
    """New values of an entry, by key; null for none.

    If the kind of the item changes, `renamed` are the former and the new key of its source, and `dropped` the keys that an
    item of the new kind cannot have.
    """

    values: Mapping[str, Json] = field(default_factory=dict)
    renamed: tuple[str, str] | None = None
    dropped: tuple[str, ...] = ()

    def applied_to(self, members: Mapping[str, Json]) -> Mapping[str, Json]:
        """Return the members of the entry after the edit."""
        former = {self.renamed[0]} if self.renamed else set[str]()
        kept = {key: value for key, value in members.items() if key not in former and key not in self.dropped}
        return {**kept, **self.values}


def entry_edit(
    entry: ItemEntry,
    document: YamlDocument,
    item: LiveItem,
    source: str,
    *,
    is_replaced: bool = False,
    is_uncaptioned: bool = False,
    resolved: Fields | None = None,
) -> EntryEdit:
    """Return the values that an entry lacks to show its live item.

    Fields that have the live value already, are ignored or come from the environment, and files to upload, stay. If
    `is_replaced`, somebody replaced the media on the site, and the entry shows the new one. If `is_uncaptioned`, the entry
    no longer reads the captions of its file. `resolved` are the fields of the entry with defaults and captions; without
    them, captions are not known.
    """
    renamed, dropped = None, tuple[str, ...]()
    if entry.kind is not item.kind:
        former = entry.node.part(entry.kind.value) if entry.kind else None
        if entry.kind is None or former is None or former.hidden:
            return EntryEdit()
        renamed, dropped, resolved = (entry.kind.value, item.kind.value), _keys_of_other_kinds(entry, item.kind), None
    if is_uncaptioned and entry.node.part("captions") and "captions" not in dropped:
        dropped = (*dropped, "captions")
    has_new_source = renamed or _has_new_source(entry, item, source, is_replaced=is_replaced)
    values: dict[str, Json] = {item.kind.value: source} if has_new_source else {}
    if has_new_source and not get_string(entry.node, "key"):
        values["key"] = entry.key  # it was that of the former source
    live = representable_fields(item)
    if resolved is None:
        resolved = {**default_fields(document, item.kind), **parse_fields(entry.node, item.kind, document).fields}
    ignored = ignored_fields(document.root) | ignored_fields(entry.node)
    for name, value in live.items():
        node = entry.node.part(FIELD_BY_NAME[name].key)
        is_kept = name in ignored or (node is not None and node.has_hidden_values())
        if is_kept or _is_up_to_date(name, value, resolved):
            continue
        if name in LINK_FIELDS:
            values["link"] = _link_value(live, pinned="link.text" in resolved)
        else:
            values[name] = _value_or_null(_in_former_order(name, node, value))
    ordered = sorted(values.items(), key=lambda member: ITEM_KEY_ORDER.index(member[0]))
    return EntryEdit(values=dict(ordered), renamed=renamed, dropped=dropped)


def _in_former_order(name: str, node: YamlNode | None, value: Json) -> Json:
    """Return tags in the order in which the entry has them, with new ones last; any other value as it is."""
    if FIELD_BY_NAME[name].type != "tags" or node is None or isinstance(value, str) or not isinstance(value, Sequence):
        return value
    former = [each.value for each in node.items or () if each.value in value]
    return tuple(dict.fromkeys((*former, *value)))


def _keys_of_other_kinds(entry: ItemEntry, kind: Kind) -> tuple[str, ...]:
    """Return the keys of the entry that an item of this kind cannot have, except that of its source."""
    of_any = {each.key for each in FIELD_BY_NAME.values()} | {"captions"}
    of_kind = {each.key for each in FIELDS_BY_KIND[kind]} | ({"captions"} if kind is Kind.IMAGE else set())
    source = entry.kind.value if entry.kind else ""
    return tuple(key for key in entry.node.keys or () if key in of_any - of_kind and key != source)


def edit_tree(tree: Any, edit: EntryEdit) -> None:
    """Apply the edit to an entry that ruamel read."""
    flow = bool(tree.fa.flow_style())
    if edit.renamed:
        former, name = edit.renamed
        tree.insert(list(tree).index(former), name, None)
        _remove(tree, former)
    for key in edit.dropped:
        _remove(tree, key)
    for key, value in edit.values.items():
        set_key(tree, key, to_yaml_value(value, flow=flow or is_inline(key)), ITEM_KEY_ORDER)


def _remove(tree: Any, key: str) -> None:
    with suppress(KeyError):  # a merge key adds it: the manifest is then reported as invalid
        del tree[key]


def default_fields(document: YamlDocument, kind: Kind) -> Fields:
    """Return the document's `defaults` for a kind of item, without ignored fields."""
    defaults = document.root.part("defaults") if document.root else None
    return parse_fields(defaults, kind, document).without(ignored_fields(document.root)).fields


def _is_up_to_date(name: str, value: Json, resolved: Fields) -> bool:
    return values_equal(resolved[name], value) if name in resolved else is_empty(value)


def _has_new_source(entry: ItemEntry, item: LiveItem, source: str, *, is_replaced: bool) -> bool:
    """Return True if the item shows another file or text than the entry."""
    node = entry.node.part(item.kind.value)
    if node is None or node.hidden:
        return False
    before, kind = str(node.value), item.kind
    if is_replaced:
        return True
    if kind is Kind.TEXT:
        return before != source
    try:
        media = parse_media_source(before, kind, None)
    except MediaSourceError:
        return False  # a file of the workspace, which was uploaded
    if isinstance(media, WixFile) and isinstance(item.media, WixFile):
        return media.id != item.media.id
    return isinstance(media, HostedVideo) and source_base_name(before, kind) != source_base_name(source, kind)


def set_key(tree: Any, name: str, value: Any, order: Sequence[str]) -> None:
    """Set a key of a mapping; insert a new one by `order`, but not after comments that follow the mapping."""
    if name in tree:
        tree[name] = value
        return
    before = [index for index, key in enumerate(tree) if key in order and order.index(key) < order.index(name)]
    index = before[-1] + 1 if before else 0
    if index == len(tree) and index and list(tree)[-1] in tree.ca.items:
        index -= 1
    tree.insert(index, name, value)
