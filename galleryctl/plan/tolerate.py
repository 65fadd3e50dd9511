"""Leave tolerated drift out of a plan.

An entry of galleryctl.tolerated.yaml names one value of the site. It is tolerated while the value is drift, is still the
recorded one, and the date has not passed:

    manifest "The rings", site "Rings", entry "Rings" until 2026-12-31

    on 2026-12-31                                tolerated: left alone, and its last applied value stays in state
    on 2027-01-01                                expired: drift, as without the entry
    the site has "Gold" now                      obsolete: drift
    the manifest has "Ring" now                  obsolete: a conflict
    the site has "The rings" again               obsolete: no difference

A tolerated value is compared as if the manifest did not name it, so that a structure is sent with the site's value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from galleryctl.model.address import Address
from galleryctl.model.desired import DesiredGallery, DesiredItem
from galleryctl.model.fields import Json, path_of_name, values_equal
from galleryctl.model.last_applied import NEVER_APPLIED, FieldBase, LastApplied, value_digest
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.media import MediaFile
from galleryctl.model.tolerated import (
    ITEM_FIELD,
    POSITION_FIELD,
    ToleratedDrift,
    Toleration,
    TolerationStatus,
    missing_digest,
    position_digest,
)
from galleryctl.plan.changes import Cause
from galleryctl.plan.compare import ItemDifference, compare_gallery, compare_item
from galleryctl.plan.diff import MEDIA_PATH, Difference
from galleryctl.plan.identity.evidence import media_reference
from galleryctl.plan.identity.identify import GalleryItems
from galleryctl.plan.leaves import shows_leaf, value_at, without_path

_NO_DIFFERENCE = "the site and the manifest no longer differ there"
_CHANGED_AGAIN = "the site has changed again since"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """The entries of a site by address, and the day of the plan in UTC."""

    entries: Mapping[Address, tuple[Toleration, ...]] = field(default_factory=dict)
    today: date = date.min

    @classmethod
    def build(cls, entries: Iterable[Toleration], today: date) -> Tolerance:
        """Return the tolerance of a plan that is made on the day `today`."""
        by_address: dict[Address, list[Toleration]] = defaultdict(list)
        for entry in entries:
            by_address[entry.address].append(entry)
        return cls(entries={address: tuple(each) for address, each in by_address.items()}, today=today)

    def values_of(self, address: Address) -> tuple[Toleration, ...]:
        """Return the entries about fields and media of a resource."""
        return tuple(e for e in self.entries.get(address, ()) if e.field not in (POSITION_FIELD, ITEM_FIELD))

    def find(self, name: str, addresses: Iterable[Address]) -> Iterator[Toleration]:
        """Yield the entries about `position` or `item` of these addresses."""
        for address in addresses if self.entries else ():
            yield from (entry for entry in self.entries.get(address, ()) if entry.field == name)

    def judge(self, entry: Toleration, *, obsolete: str = "") -> ToleratedDrift:
        """Return the effect of an entry; `obsolete` says why it has none, "" if it is about drift of the site."""
        status = TolerationStatus.TOLERATED if self.today <= entry.until else TolerationStatus.EXPIRED
        return ToleratedDrift(
            address=entry.address,
            field=entry.field,
            value=entry.value,
            until=entry.until.isoformat(),
            reason=entry.reason,
            status=TolerationStatus.OBSOLETE if obsolete else status,
            why=obsolete,
        )


NO_TOLERANCE = Tolerance()


def tolerated_addresses(effects: Iterable[ToleratedDrift], name: str) -> frozenset[Address]:
    """Return the addresses whose `position` or `item` is tolerated."""
    return frozenset(e.address for e in effects if e.field == name and e.status is TolerationStatus.TOLERATED)


def compare_tolerantly(
    item: DesiredItem,
    live: LiveItem,
    record: LastApplied,
    tolerance: Tolerance,
    *,
    media: Mapping[str, str],
    files: Mapping[str, MediaFile],
) -> tuple[ItemDifference, tuple[ToleratedDrift, ...]]:
    """Return the difference of an item without what is tolerated, and the effects of the entries."""
    difference = compare_item(item, live, record, media=media, files=files)
    entries = tolerance.values_of(item.address)
    if not entries:
        return difference, ()

    def causes(path: str) -> set[Cause]:
        if path == MEDIA_PATH:
            return set() if difference.media_cause is None else {difference.media_cause}
        return _causes(difference.fields, path)

    def found(path: str) -> Json:
        return media_reference(live.media) if path == MEDIA_PATH else value_at(live.fields, path)

    effects = _judge_values(entries, record, tolerance, causes, found)
    paths = _tolerated_paths(effects)
    if not paths:
        return difference, effects
    fields, named = _without_paths(item.fields, paths), paths.difference({MEDIA_PATH})
    rest = replace(item, fields=fields, ignore=item.ignore | (paths - named))
    kept = {path: record.fields[path] for path in paths}
    difference = compare_item(rest, live, _without_bases(record, paths), media=media, files=files)
    bases = {**difference.record.fields, **kept}
    return replace(
        difference,
        fields=replace(difference.fields, bases=bases),
        record=replace(difference.record, fields=bases),
    ), effects


def compare_gallery_tolerantly(
    desired: DesiredGallery, live: LiveGallery, record: LastApplied, tolerance: Tolerance
) -> tuple[Difference, tuple[str, ...], tuple[ToleratedDrift, ...]]:
    """Return what `compare_gallery` does, without what is tolerated, and the effects of the entries."""
    difference, other_form = compare_gallery(desired, live, record)
    entries = tolerance.values_of(desired.address)
    if not entries:
        return difference, other_form, ()
    effects = _judge_values(
        entries, record, tolerance, lambda path: _causes(difference, path), lambda path: value_at(live.fields, path)
    )
    paths = _tolerated_paths(effects)
    if not paths:
        return difference, other_form, effects
    rest = replace(desired, fields=_without_paths(desired.fields, paths))
    kept = {path: record.fields[path] for path in paths}
    without, other_form = compare_gallery(rest, live, _without_bases(record, paths))
    return replace(without, bases={**without.bases, **kept}), other_form, effects


def judge_missing(
    desired: DesiredGallery, identified: GalleryItems, tolerance: Tolerance, in_doubt: Collection[Address]
) -> tuple[ToleratedDrift, ...]:
    """Return the effects of the entries about missing items; `in_doubt` are creates that may have been sent already."""

    def why(address: Address, digest: str) -> str:
        id_ = identified.state.ids.get(address)
        if address in identified.matches or id_ is None or address in in_doubt:
            return _NO_DIFFERENCE
        return "" if missing_digest(id_) == digest else _CHANGED_AGAIN

    entries = tolerance.find(ITEM_FIELD, (item.address for item in desired.items))
    return tuple(tolerance.judge(entry, obsolete=why(entry.address, entry.digest)) for entry in entries)


def judge_positions(
    desired: DesiredGallery, identified: GalleryItems, tolerance: Tolerance, moving: Callable[[], Collection[Address]]
) -> tuple[ToleratedDrift, ...]:
    """Return the effects of the entries about positions; `moving` returns the live items that would be moved."""
    entries = tuple(tolerance.find(POSITION_FIELD, (item.address for item in desired.items)))
    if not entries:
        return ()
    in_order = not moving()
    kinds = {item.address: item.kind for item in desired.items}

    def why(entry: Toleration) -> str:
        match = identified.matches.get(entry.address)
        if match is None or match.live.kind is not kinds[entry.address] or in_order:
            return _NO_DIFFERENCE
        if not was_moved(identified.state.records.get(entry.address), match.live):
            return _NO_DIFFERENCE
        return "" if position_digest(match.live.sort_order) == entry.digest else _CHANGED_AGAIN

    return tuple(tolerance.judge(entry, obsolete=why(entry)) for entry in entries)


def was_moved(record: LastApplied | None, live: LiveItem) -> bool:
    """Return True if the item has another sort order than the last apply recorded; False if it recorded none."""
    last = (record or NEVER_APPLIED).sort_order
    return last is not None and not values_equal(last, live.sort_order)


def _causes(difference: Difference, path: str) -> set[Cause]:
    return {change.cause for change in difference.fields if shows_leaf(change.path, path)}


def _judge_values(
    entries: Iterable[Toleration],
    record: LastApplied,
    tolerance: Tolerance,
    causes: Callable[[str], set[Cause]],
    found: Callable[[str], Json],
) -> tuple[ToleratedDrift, ...]:
    def why(entry: Toleration) -> str:
        now = causes(entry.path)
        if not now:
            return _NO_DIFFERENCE
        if value_digest(found(entry.path)) != entry.digest:
            return _CHANGED_AGAIN
        if now == {Cause.DRIFT} and entry.path in record.fields:
            return ""
        return "the manifest has changed as well" if Cause.CONFLICT in now else "the difference is not drift"

    return tuple(tolerance.judge(entry, obsolete=why(entry)) for entry in entries)


def _tolerated_paths(effects: Iterable[ToleratedDrift]) -> frozenset[str]:
    return frozenset(path_of_name(effect.field) for effect in effects if effect.status is TolerationStatus.TOLERATED)


def _without_paths(fields: Mapping[str, Json], paths: Iterable[str]) -> Mapping[str, Json]:
    for path in paths:
        fields = without_path(fields, path)
    return fields


def _without_bases(record: LastApplied, paths: Collection[str]) -> LastApplied:
    bases: dict[str, FieldBase] = {path: base for path, base in record.fields.items() if path not in paths}
    return replace(record, fields=bases)
