"""Photos whose .xmp sidecars are missing, although they had some at the last apply.

A folder that is synchronized may have the photos before their sidecars. So a missing sidecar does not say that its texts
were removed: they are unknown, and the items keep them.

    photos/a.jpg, photos/a.xmp says "Harbour"      title "Harbour"
    a.xmp is missing                               title "Harbour" is kept, with a notice
    a.xmp is back, and says "Quay"                 title "Quay"
    a.xmp has no title                             the title is cleared
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired, DesiredGallery, DesiredItem
from galleryctl.model.last_applied import NEVER_APPLIED, LastApplied, Origin
from galleryctl.plan.changes import Notice
from galleryctl.plan.leaves import field_of

_MAX_PATHS = 5
"""The number of files in a notice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTexts:
    """A gallery as its manifest declares it, with what missing sidecars said marked as unknown."""

    gallery: DesiredGallery
    notices: tuple[Notice, ...] = ()


def with_missing_sidecars(gallery: DesiredGallery, state: Bindings) -> KnownTexts:
    """Return the gallery with the fields unknown that a missing sidecar set at the last apply, and a notice of them."""
    items: list[DesiredItem] = []
    missing: list[str] = []
    for item in gallery.items:
        record = state.records.get(item.address, NEVER_APPLIED)
        if item.xmp is None or item.xmp.is_there or not record.xmp_sidecar:
            items.append(item)
            continue
        items.append(
            replace(item, unknown=item.unknown | item.xmp.fields, keeps_place=item.keeps_place or item.xmp.orders)
        )
        applied = {field_of(path) for path, base in record.fields.items() if not base.was_cleared}
        if item.xmp.orders or item.xmp.fields & applied:
            missing.append(item.xmp.path)
    if not missing:
        return KnownTexts(gallery=gallery)
    return KnownTexts(gallery=replace(gallery, items=tuple(items)), notices=(_notice(gallery.address, missing),))


def with_sidecar(item: DesiredItem, record: LastApplied) -> LastApplied:
    """Return the record of an item with the presence of its sidecar; that of a missing one is remembered."""
    has_one = item.xmp is not None and (item.xmp.is_there or record.xmp_sidecar)
    return record if record.xmp_sidecar is has_one else replace(record, xmp_sidecar=has_one)


def sidecars_of_new(
    items: Iterable[DesiredItem], records: Mapping[Address, LastApplied]
) -> Mapping[Address, LastApplied]:
    """Return the records of items to create that have a sidecar, as far as they are known before.

    `records` are those in state, which has one for an item that is replaced, or gone.
    """
    new = LastApplied(origin=Origin.CREATED)
    with_one = (item for item in items if item.xmp is not None and item.xmp.is_there)
    return {item.address: with_sidecar(item, records.get(item.address, new)) for item in with_one}


def with_unselected(desired: Desired, state: Bindings) -> Desired:
    """Return the manifests with the files that `where` does not select any more, because their sidecars are missing.

    Their items are held: a rating that is not known does not take a photo from a gallery.
    """
    if not any(gallery.unselected for gallery in desired.galleries):
        return desired
    sources = {entry.target: entry.source for entry in desired.moved}
    return replace(
        desired,
        galleries=tuple(
            replace(gallery, items=(*gallery.items, *_held_by_sidecar(gallery, state, sources)))
            for gallery in desired.galleries
        ),
    )


def _held_by_sidecar(
    gallery: DesiredGallery, state: Bindings, sources: Mapping[Address, Address]
) -> Iterator[DesiredItem]:
    taken = {item.address for item in gallery.items}
    for item in gallery.unselected:
        record = state.records.get(sources.get(item.address, item.address), NEVER_APPLIED)
        if record.xmp_sidecar and item.address not in taken:
            yield item


def _notice(address: Address, paths: Sequence[str]) -> Notice:
    one = len(paths) == 1
    what = "sidecar of 1 photo is" if one else f"sidecars of {len(paths):,} photos are"
    more = f" and {len(paths) - _MAX_PATHS:,} more" if len(paths) > _MAX_PATHS else ""
    message = (
        f"the .xmp {what} missing since the last apply, and the texts are kept: {', '.join(paths[:_MAX_PATHS])}{more}; "
        f"restore {'it' if one else 'them'}, or leave them out with captions: file in the entry, or with title: null "
        "in a YAML sidecar"
    )
    return Notice(address=address, message=message)
