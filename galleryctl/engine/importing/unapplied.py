"""Keep the values of a manifest that are not applied yet: an import takes only what changed on the site.

    last applied "Cake"                       manifest "Torte", site "Cake"      kept: not applied yet
                                              manifest "Cake", site "Gateau"     taken
                                              manifest "Torte", site "Gateau"    taken: this settles a conflict
                                              not in the manifest, site "Cake"   not written again: the next apply clears it
    last applied " Cake ", stored as "Cake"   manifest " Cake ", site "Cake"     kept: nobody changed it
    never applied, item in state              manifest "Torte", site "Cake"      kept: first named since the last apply
    item not in state                         manifest "Torte", site "Cake"      taken
    last applied a text                       manifest a photo, site that text   kept: not applied yet

A structure, such as a focal point, is one value here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from galleryctl.manifest.write.update import KeptParts
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import DesiredGallery, DesiredItem
from galleryctl.model.fields import FIELD_BY_NAME, Fields, Json, canonical, is_empty, values_equal
from galleryctl.model.last_applied import NEVER_APPLIED, LastApplied, value_digest
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.media import HostedVideo, MediaFile, WixFile
from galleryctl.plan.compare import changed_paths, media_base, with_stored_forms
from galleryctl.plan.diff import MEDIA_PATH
from galleryctl.plan.identity.evidence import media_digest, same_content
from galleryctl.plan.leaves import field_of, leaves_of, value_at
from galleryctl.plan.three_way import Decision, decide_named

_PENDING = (Decision.UPDATE, Decision.FIRST_MANAGED)
_FROM_SITE = (Decision.DRIFT, Decision.CONFLICT, Decision.INTERRUPTED)
_WRITTEN_TOGETHER = ("link.url", "link.text", "html")
"""Fields that an entry always has: `link` has two parts, and a text its source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unapplied:
    """The live items of a gallery, with the values that their entries keep, and what else the manifest keeps.

    `values` are the names of the kept values that are not applied yet: item id → names; those of the gallery have its id.
    """

    items: tuple[LiveItem, ...]
    kept: KeptParts
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def keep_unapplied(
    gallery: DesiredGallery,
    live: LiveGallery,
    keys: Mapping[str, str],
    bindings: Bindings,
    files: Mapping[str, MediaFile],
) -> Unapplied:
    """Return what the manifest keeps; `keys` is live id → key of its entries, `files` are descriptors by id."""
    records = {id_: bindings.records.get(address, NEVER_APPLIED) for address, id_ in bindings.ids.items()}
    entries = {item.address.item: item for item in gallery.items}
    pairs = {item.id: entries[key] for item in live.loaded_items if (key := keys.get(item.id)) in entries}
    merged: list[LiveItem] = []
    values: dict[str, tuple[str, ...]] = {}
    replaced: set[str] = set()
    kept_items: set[str] = set()
    for item in live.loaded_items:
        entry, record = pairs.get(item.id), records.get(item.id, NEVER_APPLIED)
        if entry is not None and record != NEVER_APPLIED and entry.kind is not item.kind:
            merged.append(item)
            if not any(changed_paths(item, record)):
                values[item.id] = (entry.kind.value,)
                kept_items.add(item.id)
        elif entry is not None and record != NEVER_APPLIED:
            found = _merge_item(entry, item, record, bindings.media, files)
            merged.append(found.item)
            values[item.id] = found.unapplied
            if found.is_replaced:
                replaced.add(item.id)
        else:
            merged.append(item)
    keeps_name, name_values = _decide_name(gallery, live, records.get(live.id, NEVER_APPLIED))
    keeps_order, order_values = _decide_order(entries, live.loaded_items, keys, records)
    values[live.id] = (*name_values, *order_values)
    kept = KeptParts(name=keeps_name, order=keeps_order, items=frozenset(kept_items), replaced=frozenset(replaced))
    return Unapplied(items=tuple(merged), kept=kept, values={id_: names for id_, names in values.items() if names})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Merged:
    item: LiveItem
    unapplied: tuple[str, ...]
    is_replaced: bool
    """True if somebody replaced the media on the site."""


def _merge_item(
    entry: DesiredItem, item: LiveItem, record: LastApplied, media: Mapping[str, str], files: Mapping[str, MediaFile]
) -> _Merged:
    record, _ = with_stored_forms(entry, item, record)
    decision = _decide_media(entry, item, record, media, files)
    is_replaced = decision in _FROM_SITE
    fields = dict(item.fields)
    unapplied: list[str] = []
    for name in item.fields:
        if name in entry.ignore or (kept := _decide_field(name, entry.fields, item.fields, record)) is None:
            continue
        if kept:
            unapplied.append(FIELD_BY_NAME[name].key)
        if is_replaced or name in _WRITTEN_TOGETHER:
            # A new source has no sidecar, which may be where the value comes from.
            fields[name] = entry.fields[name] if name in entry.fields else canonical(name, None)
        else:
            del fields[name]
    shown = item.media
    if decision in (Decision.NO_CHANGE, Decision.UPDATE) and isinstance(entry.media, WixFile | HostedVideo):
        shown = entry.media
    if decision is Decision.UPDATE:
        unapplied.append(item.kind.value)
    return _Merged(
        item=replace(item, fields=fields, media=shown),
        unapplied=tuple(dict.fromkeys(unapplied)),
        is_replaced=is_replaced,
    )


def _decide_field(name: str, desired: Fields, live: Fields, record: LastApplied) -> bool | None:
    """Return None if the site's value is to be taken, else if the kept one is not applied yet."""
    if name not in desired:
        return _decide_unnamed(name, live, record)
    decisions = [_decide_leaf(path, leaf, live, record) for path, leaf in leaves_of(name, desired[name])]
    if not decisions or any(each in _FROM_SITE for each in decisions):
        return None
    if all(each in (Decision.RECORD, Decision.REBASE) for each in decisions):
        return None  # equal
    return any(each in _PENDING for each in decisions)


def _decide_leaf(path: str, wanted: Json, live: Fields, record: LastApplied) -> Decision:
    found = value_at(live, path)
    return decide_named(
        value_digest(wanted), value_digest(found), record.fields.get(path), equal=values_equal(found, wanted)
    )


def _decide_unnamed(name: str, live: Fields, record: LastApplied) -> bool | None:
    """Return True if the manifest ended the management of the value, and the site still has it; else None."""
    bases = [(path, base) for path, base in record.fields.items() if path != MEDIA_PATH and field_of(path) == name]
    if not bases or is_empty(live.get(name)):
        return None
    same = all(
        value_digest(value_at(live, path)) == (base.sent if base.doubt else base.answered) for path, base in bases
    )
    return True if same else None


def _decide_media(
    entry: DesiredItem, item: LiveItem, record: LastApplied, media: Mapping[str, str], files: Mapping[str, MediaFile]
) -> Decision | None:
    if entry.media is None or MEDIA_PATH in entry.ignore:
        return None
    equal = same_content(entry, item, media, files)
    base = media_base(entry, record)
    return decide_named(media_digest(entry.media), media_digest(item.media), base, equal=equal)


def _decide_name(gallery: DesiredGallery, live: LiveGallery, record: LastApplied) -> tuple[bool, Sequence[str]]:
    """Return True if the manifest keeps its name or its lack of one, and the name if that is not applied yet."""
    kept = None if record == NEVER_APPLIED else _decide_field("name", gallery.fields, live.fields, record)
    return kept is not None, ("name",) if kept else ()


def _decide_order(
    entries: Iterable[str | None],
    items: Sequence[LiveItem],
    keys: Mapping[str, str],
    records: Mapping[str, LastApplied],
) -> tuple[bool, Sequence[str]]:
    """Return True if nobody moved an item on the site, and "order" if that of the entries is not applied yet.

    An item that was never applied has no recorded sort order, and says nothing of moves.
    """
    listed = [item for item in items if item.id in keys]
    recorded = [(order, i) for i in listed if (order := records.get(i.id, NEVER_APPLIED).sort_order) is not None]
    if not recorded or not all(values_equal(order, item.sort_order) for order, item in recorded):
        return False, ()
    rank = {keys[item.id]: index for index, item in enumerate(listed)}
    ranks = [rank[key] for key in entries if key in rank]
    return True, () if ranks == sorted(ranks) else ("order",)


def named_values(values: Mapping[str, Iterable[str]], keys: Mapping[str, str]) -> Iterator[str]:
    """Yield `KEY VALUE` for each name in `values`, item id → names; those of an id without a key stand alone."""
    for id_, names in values.items():
        yield from (f"{keys[id_]} {name}" if id_ in keys else name for name in names)
