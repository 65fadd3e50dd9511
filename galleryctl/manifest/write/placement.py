"""Place the live items of a gallery in the list of entries of its manifest, and give them keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from posixpath import splitext
from types import MappingProxyType
from typing import Any

from galleryctl.manifest.keys import key_from_title, short_key, unique_key
from galleryctl.manifest.values import ignored_fields
from galleryctl.manifest.write.entries import ItemEntry, default_fields, new_entry, parse_entries
from galleryctl.manifest.write.representable import source_text
from galleryctl.manifest.yaml.nodes import YamlDocument
from galleryctl.model.address import KEY_PATTERN, key_from_text
from galleryctl.model.fields import Fields
from galleryctl.model.live import LiveItem
from galleryctl.model.media import WixFile


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKeys:
    """The keys of a gallery's items that are known before an import, and those that it must not use.

    An entry without a live item is removed if its key is in `applied`; otherwise it is not created yet, and stays.
    """

    by_id: Mapping[str, str] = field(default_factory=dict)
    """Item id → key, from state and the manifest."""
    undeclared: frozenset[str] = frozenset()
    """The keys of the items in state that the manifest does not declare."""
    in_state: Collection[str] = ()
    """The ids of items in state, which need no line in `adopt`."""
    declared: Collection[str] = ()
    """The keys of the manifest, including those of the files that `from:` finds."""
    applied: Collection[str] = ()
    ended: Collection[str] = ()
    """The keys of unknown items whose management ended; an item that would get one of them is left out."""
    reserved: Collection[str] = ()
    """The keys of known items whose management ended; another item gets another key."""
    values: Mapping[str, Fields] = field(default_factory=dict)
    """Key → fields of the entries of the manifest, with defaults and captions."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Item id → value of `image:` or `video:`, of items that are not to be written as files of the Media Manager."""

    def source(self, item: LiveItem) -> str | None:
        """Return the value for `image:`, `video:` or `text:`; None if a manifest cannot represent it."""
        return self.sources.get(item.id) or source_text(item)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedEntries:
    """The entries of the new list: key and index in the former list, or key and members of a new entry."""

    order: Sequence[tuple[str, Any]]
    updates: Mapping[str, LiveItem]
    """Key → live item, of the former entries that stay and get its values."""
    keys: Mapping[str, str]
    removed: tuple[str, ...]
    ended: Mapping[str, str]


def place_entries(
    document: YamlDocument,
    live_items: Sequence[LiveItem],
    known: KnownKeys,
    *,
    keeps_order: bool,
    unchanged: Collection[str] = (),
    patterns: Mapping[int, Sequence[str]] = MappingProxyType({}),
) -> PlacedEntries:
    """Return the entries for these items; `keeps_order` leaves the former ones in their order.

    `unchanged` are the ids of the items whose entries are not updated, `patterns` the keys of the items of each `from:`
    entry that gets their place, by its index.
    """
    entries = parse_entries(document)
    by_key = {entry.key: entry for entry in entries if entry.key}
    by_pattern = set(known.declared) - by_key.keys()
    from_patterns = {item.id: key for item in live_items if (key := known.by_id.get(item.id)) in by_pattern}
    all_items = live_items
    live_items = [item for item in live_items if item.id not in from_patterns]
    taken = {*by_key, *known.declared, *known.reserved}.difference(known.by_id.values())
    item_keys, ended = assign_keys(live_items, known.by_id, taken=taken, ended=known.ended)
    live = {item_keys[item.id]: item for item in live_items if item.id in item_keys}
    stays: list[ItemEntry] = []
    removed: list[str] = []
    for entry in entries:
        item = live.get(entry.key)
        if item is not None or entry.key not in known.applied:
            stays.append(entry)
        else:
            removed.append(entry.key)
    present, ignored = {entry.key for entry in stays}, ignored_fields(document.root)
    order = [key for item in all_items if (key := item_keys.get(item.id) or from_patterns.get(item.id))]
    former: list[tuple[str, Any]] = [
        (entry.key or _first(order, patterns.get(entry.index, ())), entry.index) for entry in stays
    ]
    ordered = former if keeps_order else _in_live_order(former, order)
    ordered = _with_new_entries(
        ordered,
        {
            key: new_entry(key, item, known.source(item) or "", default_fields(document, item.kind), ignored)
            for key, item in live.items()
            if key not in present
        },
        order,
    )
    return PlacedEntries(
        order=ordered,
        updates={key: item for key, item in live.items() if key in present and item.id not in unchanged},
        keys={**item_keys, **from_patterns},
        removed=tuple(removed),
        ended=ended,
    )


def _first(order: Sequence[str], keys: Sequence[str]) -> str:
    """Return the key that is the first in the order, "" if none is in it."""
    present = {*keys}
    return next((key for key in order if key in present), "") if present else ""


def _in_live_order(entries: Sequence[tuple[str, Any]], order: Sequence[str]) -> list[tuple[str, Any]]:
    """Sort the entries of live items in live order; those without a key and items to create keep their indexes.

    Entries [b, from, a, new] and live order [a, b] become [a, from, b, new].
    """
    ranks = {key: rank for rank, key in enumerate(order)}
    live = iter(sorted((entry for entry in entries if entry[0] in ranks), key=lambda entry: ranks[entry[0]]))
    return [next(live) if entry[0] in ranks else entry for entry in entries]


def _with_new_entries(
    entries: Sequence[tuple[str, Any]], new: Mapping[str, Any], order: Sequence[str]
) -> list[tuple[str, Any]]:
    """Return the entries with new ones: each after the last one displayed before it; at the end if none comes after it.

    Entries [from, b, later] and the new ones a, c, d in live order [a, b, c, d] become [a, from, b, c, later, d].
    """
    ranks = {key: rank for rank, key in enumerate(order)}
    displayed = sorted((ranks[key], index) for index, (key, _) in enumerate(entries) if key in ranks)
    following: defaultdict[int, list[tuple[str, Any]]] = defaultdict(list)
    index, passed = -1, 0
    for key in order:
        if key not in new:
            continue
        while passed < len(displayed) and displayed[passed][0] < ranks[key]:
            index = max(index, displayed[passed][1])
            passed += 1
        is_last = passed == len(displayed)
        following[len(entries) - 1 if is_last else index].append((key, new[key]))
    return [*following[-1], *(each for index, entry in enumerate(entries) for each in (entry, *following[index]))]


def assign_keys(
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
        base = key_from_title(str(item.fields.get("title") or "")) or short_key(key_from_text(splitext(filename)[0]))
        numbered = (f"{item.kind.value}-{number}" for number in count(1))
        key = unique_key(base, used) if base else next(key for key in numbered if key not in used)
        (left_out if key in ended else assigned)[item.id] = key
        used.add(key)
    return assigned, left_out
