"""Write what people changed in one live gallery into its manifest.

last applied    a Rings, b Cake, c Vows
manifest        a Rings, b Torte, c Vows       b is not applied yet
site            c Vows, a Ring, b Cake, d      people moved c, renamed a and added d
result          c Vows, a Ring, b Torte        d is taken only if it is in `added`
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from galleryctl.engine.importing.ownership import known_keys
from galleryctl.engine.rewriting import PatternKeys
from galleryctl.manifest.write.update import KeptParts, ManifestText, render_manifest
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import DesiredGallery, DesiredItem
from galleryctl.model.fields import Json
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.media import HostedVideo, Kind, WixFile
from galleryctl.plan.changes import Action, Change
from galleryctl.plan.leaves import field_of, shows_leaf, value_at, with_leaves
from galleryctl.plan.ordering.reorder import longest_run

_LINK_PARTS = frozenset({"link.url", "link.text"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSide:
    """A live gallery with its items in display order, and what state knows of them, under the manifest's addresses."""

    live: LiveGallery
    bindings: Bindings

    def item_keys(self, gallery: DesiredGallery) -> Mapping[str, str]:
        """Return item id → key of the live items that are entries of the manifest."""
        entries = {item.address for item in gallery.items}
        ids = {id_: address.item or "" for address, id_ in self.bindings.ids.items() if address in entries}
        return {item.id: ids[item.id] for item in self.live.loaded_items if item.id in ids}


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The changes on the site to take into a manifest: those of a plan, with a cause on the site, and new items.

    `whole_order` is True if all items that were moved are among them, except those in `fixed`: the keys of the items whose
    place on the site is tolerated.
    """

    changes: tuple[Change, ...]
    added: tuple[LiveItem, ...] = ()
    whole_order: bool = True
    fixed: frozenset[str] = frozenset()

    @property
    def moved(self) -> frozenset[str]:
        """The keys of the items that were moved."""
        return frozenset(c.address.item for c in self.changes if c.address.item and is_moved(c))

    @property
    def values(self) -> Accepted:
        """The changes that leave the list of entries as it is."""
        changes = (replace(change, position=None) for change in self.changes if change.action is not Action.CREATE)
        return replace(self, changes=tuple(changes), added=())


def is_moved(change: Change) -> bool:
    """Return True if somebody moved the item on the site."""
    return change.action is Action.UPDATE and change.position is not None and change.position_cause.is_drift


def is_edited(change: Change) -> bool:
    """Return True if the entry of the item has to change, and not only its place."""
    return (
        change.action is not Action.UPDATE or bool(_edited_paths(change)) or _is_replaced(change)
    ) and change.address.item is not None


def accept_gallery(
    text: str,
    gallery: DesiredGallery,
    side: LiveSide,
    accepted: Accepted,
    *,
    patterns: PatternKeys,
    site: str,
    by_site: bool,
) -> ManifestText:
    """Return the manifest `text`, which declares `gallery`, with the accepted changes; everything else stays.

    `patterns` are its `from:` entries, whose items stay together.
    """
    keys = side.item_keys(gallery)
    changes = {change.address.item: change for change in accepted.changes}
    entries = {item.address.item: item for item in gallery.items}
    items: list[LiveItem] = []
    untouched: set[str] = set()
    for item in _in_final_order(gallery, side.live.loaded_items, keys, accepted):
        change = changes.get(keys.get(item.id, ""))
        if item.id not in keys or (change is not None and change.action is Action.REPLACE):
            items.append(item)
        elif change is not None and is_edited(change):
            items.append(_with_edits(entries[keys[item.id]], item, change))
        else:
            items.append(item)
            untouched.add(item.id)
    live = replace(side.live, items=tuple(items))
    known = replace(
        known_keys(side.bindings, gallery, items, keys),
        applied={key for key, change in changes.items() if key and change.action is Action.CREATE},
    )
    kept = KeptParts(
        name=None not in changes,
        bind=True,
        items=frozenset(untouched),
        replaced=frozenset(item.id for item in items if (c := changes.get(keys.get(item.id, ""))) and _is_replaced(c)),
        adopted={address.item or "": id_ for address, id_ in gallery.adopt.items()},
        patterns=patterns,
    )
    return render_manifest(
        gallery.address.gallery, live, known, text, site=site, by_site=by_site, kept=kept, file=gallery.at.file
    )


def final_order(gallery: DesiredGallery, side: LiveSide, accepted: Accepted) -> list[str]:
    """Return the keys of the live items of the manifest in their order after accepting, "" for each new item."""
    keys = side.item_keys(gallery)
    ordered = _in_final_order(gallery, side.live.loaded_items, keys, accepted)
    return [keys.get(item.id, "") for item in ordered]


def _edited_paths(change: Change) -> frozenset[str]:
    """Return the paths of what somebody changed: the leaves that the manifest names, and fields that it does not."""
    shown = [part.path for part in change.fields if part.cause.is_drift]
    named = {path for path in change.named if any(shows_leaf(part, path) for part in shown)}
    unnamed = {field_of(part) for part in shown if not any(shows_leaf(part, path) for path in named)}
    return frozenset(named | unnamed)


def _is_replaced(change: Change) -> bool:
    return change.media is not None and change.media_cause.is_drift


def _with_edits(entry: DesiredItem, item: LiveItem, change: Change) -> LiveItem:
    """Return the live item with the fields to write only: those that somebody changed, and what is written with them."""
    paths = _edited_paths(change)
    names = {field_of(path) for path in paths}
    fields = {name: _edited_value(name, entry, item, paths) for name in names if name in item.fields}
    kept = _LINK_PARTS if names & _LINK_PARTS else frozenset[str]()
    if _is_replaced(change):
        kept |= entry.fields.keys()  # some of them may come from the file that is not shown any more
    for name in kept - names:
        fields[name] = entry.fields[name] if name in entry.fields else item.fields.get(name)
    if entry.kind is Kind.TEXT and "html" not in names:
        fields["html"] = entry.fields.get("html")
    media = item.media
    if not _is_replaced(change) and isinstance(entry.media, WixFile | HostedVideo):
        media = entry.media
    return replace(item, fields=fields, media=media)


def _edited_value(name: str, entry: DesiredItem, item: LiveItem, paths: frozenset[str]) -> Json:
    """Return the value of a field of the entry, with the leaves at `paths` as they are on the site."""
    value = entry.fields.get(name)
    if name in paths or not isinstance(value, Mapping):
        return item.fields[name]
    leaves = {path: value_at(item.fields, path) for path in paths if field_of(path) == name}
    # If none of the parts that the manifest names is left, null would clear the others: all are taken.
    return with_leaves(name, value, leaves) or item.fields[name]


def _in_final_order(
    gallery: DesiredGallery, live: Sequence[LiveItem], keys: Mapping[str, str], accepted: Accepted
) -> list[LiveItem]:
    """Return the live items of the manifest and the new ones, in the order of the manifest after accepting."""
    by_key = {keys[item.id]: item for item in live if item.id in keys}
    ordered = [by_key[item.address.item] for item in gallery.items if item.address.item in by_key]
    fixed = {id_ for id_, key in keys.items() if key in accepted.fixed}
    if accepted.moved and accepted.whole_order:
        moved = iter([item for item in live if item.id in keys and item.id not in fixed])
        ordered = [item if item.id in fixed else next(moved) for item in ordered]
        placed = set[str]()
    else:
        placed = {id_ for id_, key in keys.items() if key in accepted.moved}
    return _place(ordered, live, placed | {item.id for item in accepted.added}, fixed)


def _place(
    ordered: Sequence[LiveItem], live: Sequence[LiveItem], placed: Collection[str], fixed: Collection[str]
) -> list[LiveItem]:
    """Return the list with each item in `placed` where it is displayed.

    Its neighbours may have been moved, too. So it gets its place among those of the others that are in the live order,
    a longest run without the `fixed` ones: a plan moves none of these.

        list a, b, c      live c, x, a, b      the run is a, b      result x, a, b, c
    """
    rank = {item.id: float(index) for index, item in enumerate(live)}
    result = [item for item in ordered if item.id not in placed]
    others = [item for item in result if item.id not in fixed]
    in_order = {others[index].id for index in longest_run([rank[item.id] for item in others])}
    index = 0
    for item in live:
        if item.id in placed:
            result.insert(index, item)
            index += 1
        elif item.id in in_order:
            index = next(i for i, other in enumerate(result, 1) if other.id == item.id)
    return result
