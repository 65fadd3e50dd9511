"""What a broken-off run had made without hearing of it: found again by the sort order it was sent with.

A create is journalled before it is sent, with a sort order that nothing else has (design, rule 4). So a live resource
with that value is the one that was made, if it has a sign of what was sent: an item that somebody dragged between the
same two neighbours since has the same mean of their values. One that is not there was not made, or reads do not show it
yet; it is `lost`, and sent with the very same value again, which the API refuses should it be there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.fields import Fields, float32
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.media import HostedVideo, Kind, MediaFile, WixFile
from galleryctl.plan.file.canonical import digest
from galleryctl.state.journal import apply_result
from galleryctl.state.journal_records import Intent, StepResult

_R = TypeVar("_R", LiveItem, LiveGallery)
_MAX_CLOCK_SKEW = 120.0
"""Seconds that the site's clock may be behind this machine's."""


def recover_galleries(bindings: Bindings, pending: Iterable[Intent], galleries: Iterable[LiveGallery]) -> Bindings:
    """`bindings` with the galleries that a pending create-gallery had made."""
    galleries = tuple(galleries)
    found = {
        address: made.id
        for intent in pending
        for address, order in intent.sort_orders.items()
        if address.item is None and (made := gallery_with_sort_order(galleries, order)) is not None
    }
    return _add_ids(bindings, found)


def recover_items(bindings: Bindings, pending: Collection[Intent], galleries: Iterable[LiveGallery]) -> Bindings:
    """`bindings` with the items that a pending create had made, alone or inside its gallery.

    All are looked for at their sort orders before one is looked for elsewhere: two may show the same.
    """
    by_id = {gallery.id: gallery for gallery in galleries}
    known = {*bindings.ids.values(), *bindings.deposed}
    found: dict[Address, str] = {}
    for anywhere in (False, True):
        for intent in pending:
            for address, order in intent.sort_orders.items():
                gallery = by_id.get(bindings.ids.get(address.parent, intent.gallery_id or ""))
                if address.item is None or address in found or gallery is None:
                    continue
                wanted = intent.markers.get(address, ())
                bound = [item for item in gallery.items or () if item.id == bindings.ids.get(address)]
                if item_with_sort_order(bound, order) or _moved_item(bound, wanted, intent.started_at):
                    continue  # a later run made it or found it, and another one like it is somebody else's
                items = [item for item in gallery.items or () if item.id not in known]
                item = (
                    _moved_item(items, wanted, intent.started_at)
                    if anywhere
                    else item_with_sort_order(items, order, wanted)
                )
                if item is not None:
                    found[address] = item.id
                    known.add(item.id)
    return _add_ids(bindings, found)


def recover_deletes(bindings: Bindings, pending: Iterable[Intent], galleries: Iterable[LiveGallery]) -> Bindings:
    """`bindings` without what a pending delete had deleted: what was read and is not there any more."""
    by_id = {gallery.id: gallery for gallery in galleries}
    there = {*by_id, *(item.id for gallery in by_id.values() for item in gallery.items or ())}
    owners = {**{id_: address for address, id_ in bindings.ids.items()}, **bindings.deposed}

    def gone(id_: str) -> bool:
        gallery = by_id.get(bindings.ids.get(owners[id_].parent, "")) if id_ in owners else None
        return id_ not in there and (gallery is None or gallery.items is not None)

    sent = [id_ for intent in pending if intent.kind == "delete" for id_ in intent.ids]
    return apply_result(bindings, StepResult(removed=tuple(filter(gone, sent))))


def _moved_item(items: Iterable[LiveItem], markers: Collection[str], since: float) -> LiveItem | None:
    """The item that was made and that somebody has moved since: alone to have a sign of it and to be no older."""
    young = [
        item
        for item in items
        if markers and has_any_marker(item, markers) and _created_at(item) >= since - _MAX_CLOCK_SKEW
    ]
    return young[0] if len(young) == 1 else None


def _created_at(item: LiveItem) -> float:
    """When the site says that it was made, in seconds since the epoch; 0 when it does not."""
    try:
        return datetime.fromisoformat(str(item.raw.get("createdDate"))).timestamp()
    except ValueError:
        return 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class UnconfirmedCreate:
    """A create whose effect no read shows: the sort order that was sent, and the signs of the item."""

    sort_order: float
    markers: tuple[str, ...] = ()


def unconfirmed_creates(
    pending: Iterable[Intent], galleries: Iterable[LiveGallery]
) -> Mapping[Address, UnconfirmedCreate]:
    """The galleries and items that a pending create may have made and that no read shows.

    A value that something has by now is not among them: the create that carried it would have been refused.
    """
    galleries = tuple(galleries)
    by_id = {gallery.id: gallery for gallery in galleries}
    lost: dict[Address, UnconfirmedCreate] = {}
    for intent in pending:
        for address, order in intent.sort_orders.items():
            there: Iterable[LiveItem | LiveGallery] | None = None
            if address.item is None:
                there = galleries
            elif intent.kind == "create-item" and (gallery := by_id.get(intent.gallery_id or "")):
                there = gallery.items
            if there is not None and not any(r.sort_order in (order, float32(order)) for r in there):
                lost[address] = UnconfirmedCreate(sort_order=order, markers=intent.markers.get(address, ()))
    return lost


def content_markers(kind: Kind, media: WixFile | HostedVideo | MediaFile | None, fields: Fields) -> tuple[str, ...]:
    """What an item can be told by although it was moved or edited: its file or video; for a text its title or words."""
    match media:
        case WixFile(id=name) | MediaFile(id=name) | HostedVideo(url=name):
            return (f"{kind} {name}",)
        case None:
            title, html = fields.get("title"), fields.get("html")
            named = (f"{kind} titled {title}",) if title else ()
            return (*named, f"{kind} of {digest(html)[:16]}") if html else named


def has_any_marker(item: LiveItem, markers: Collection[str]) -> bool:
    """Whether `item` has one of these signs; without any, nothing tells it from others."""
    return not markers or any(sign in markers for sign in content_markers(item.kind, item.media, item.fields))


def item_with_sort_order(
    items: Iterable[LiveItem], sort_order: float, markers: Collection[str] = ()
) -> LiveItem | None:
    """The item that has this sort order and one of the `wanted` signs; None when not exactly one does."""
    return _with_sort_order((item for item in items if has_any_marker(item, markers)), sort_order)


def gallery_with_sort_order(galleries: Iterable[LiveGallery], sort_order: float) -> LiveGallery | None:
    """The gallery with this sort order, None when none or more than one has it."""
    return _with_sort_order(galleries, sort_order)


def _with_sort_order(resources: Iterable[_R], sort_order: float) -> _R | None:
    """The resource with exactly this value, or else with what a 32-bit float makes of it."""
    rounded = float32(sort_order)
    near = [r for r in resources if r.sort_order in (sort_order, rounded)]
    candidates = [r for r in near if r.sort_order == sort_order] or near
    return candidates[0] if len(candidates) == 1 else None


def _add_ids(bindings: Bindings, found: Mapping[Address, str]) -> Bindings:
    """What was found is bound; an item that it replaces is deposed, so that its deletion is not forgotten."""
    deposed = {old: address for address, new in found.items() if (old := bindings.ids.get(address, new)) != new}
    return replace(bindings, ids={**bindings.ids, **found}, deposed={**bindings.deposed, **deposed})
