"""Recover the creates and deletes of an interrupted run whose responses were lost.

A create is journalled before it is sent, with a sort order that no other resource has. So the live resource with this
sort order is the created one, if it also has a marker (file, video, title or HTML) of what was sent: an item that
someone dragged between the same neighbours since has the same sort order. Example, with the pending intent
`create-item weddings/cake, sort order 1.5, marker "image wix-7"`:

    live a 1.0, b 1.5 (wix-7), c 2.0    b was created: its id becomes the binding of weddings/cake
    live a 1.0, b 9.0 (wix-7), c 2.0    b was created, then moved: it is the only new item with the marker
    live a 1.0, c 2.0                   unconfirmed: not created, or the read lags; the next apply sends 1.5 again,
                                        which the API rejects if the item exists after all
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from galleryctl.engine.refresh.recover_updates import recover_updates
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
    """Return `bindings` with the galleries that a pending intent created."""
    galleries = tuple(galleries)
    found = {
        address: gallery.id
        for intent in pending
        for address, order in intent.sort_orders.items()
        if address.item is None and (gallery := with_sort_order(galleries, order)) is not None
    }
    return _add_ids(bindings, found)


def recover_items(bindings: Bindings, pending: Collection[Intent], galleries: Iterable[LiveGallery]) -> Bindings:
    """Return `bindings` with the items that a pending intent created, alone or with their gallery.

    All are looked up by sort order before any is looked up elsewhere: two may have the same content.
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
                markers = intent.markers.get(address, ())
                bound = [item for item in gallery.items or () if item.id == bindings.ids.get(address)]
                if with_sort_order(bound, order) or _moved_item(bound, markers, intent.started_at):
                    continue  # a later run created or found it; another item with this content is unmanaged
                items = [item for item in gallery.items or () if item.id not in known]
                item = (
                    _moved_item(items, markers, intent.started_at)
                    if anywhere
                    else item_with_sort_order(items, order, markers)
                )
                if item is not None:
                    found[address] = item.id
                    known.add(item.id)
    return _add_ids(bindings, found)


def recover_deletes(bindings: Bindings, pending: Iterable[Intent], galleries: Iterable[LiveGallery]) -> Bindings:
    """Return `bindings` without the resources that a pending intent deleted: the site was read without them."""
    by_id = {gallery.id: gallery for gallery in galleries}
    existing = {*by_id, *(item.id for gallery in by_id.values() for item in gallery.items or ())}
    owners = {**{id_: address for address, id_ in bindings.ids.items()}, **bindings.deposed}

    def is_gone(id_: str) -> bool:
        gallery = by_id.get(bindings.ids.get(owners[id_].parent, "")) if id_ in owners else None
        return id_ not in existing and (gallery is None or gallery.items is not None)

    sent = [id_ for intent in pending if intent.kind == "delete" for id_ in intent.ids]
    return apply_result(bindings, StepResult(removed=tuple(filter(is_gone, sent))))


def recover_steps(
    bindings: Bindings, pending: Collection[Intent], galleries: Collection[LiveGallery]
) -> tuple[Bindings, Mapping[Address, UnconfirmedCreate]]:
    """Return `bindings` after the pending creates of items and deletes, and the creates that stay unconfirmed."""
    recovered = recover_deletes(recover_items(bindings, pending, galleries), pending, galleries)
    recovered = recover_updates(recovered, pending, galleries)
    return recovered, unconfirmed_creates(pending, galleries)


def _moved_item(items: Iterable[LiveItem], markers: Collection[str], since: float) -> LiveItem | None:
    """Return the item that was created no earlier than `since` and moved later: no other one has a marker."""
    return only_marked_item((item for item in items if _created_at(item) >= since - _MAX_CLOCK_SKEW), markers)


def _created_at(item: LiveItem) -> float:
    """Return the creation time in seconds since the epoch; 0 if the API does not send it."""
    try:
        return datetime.fromisoformat(str(item.raw.get("createdDate"))).timestamp()
    except ValueError:
        return 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class UnconfirmedCreate:
    """A create whose effect no read shows: the sort order that was sent, and the markers of the item."""

    sort_order: float
    markers: tuple[str, ...] = ()


def unconfirmed_creates(
    pending: Iterable[Intent], galleries: Iterable[LiveGallery]
) -> Mapping[Address, UnconfirmedCreate]:
    """Return the galleries and items that a pending intent may have created and that no read shows.

    A create whose sort order another resource has is left out: the API rejected it, or rejects it when it arrives.
    """
    galleries = tuple(galleries)
    by_id = {gallery.id: gallery for gallery in galleries}
    unconfirmed: dict[Address, UnconfirmedCreate] = {}
    for intent in pending:
        for address, order in intent.sort_orders.items():
            siblings: Iterable[LiveItem | LiveGallery] | None = None
            if address.item is None:
                siblings = galleries
            elif intent.kind == "create-item" and (gallery := by_id.get(intent.gallery_id or "")):
                siblings = gallery.items
            if siblings is not None and not any(r.sort_order in (order, float32(order)) for r in siblings):
                unconfirmed[address] = UnconfirmedCreate(sort_order=order, markers=intent.markers.get(address, ()))
    return unconfirmed


def content_markers(kind: Kind, media: WixFile | HostedVideo | MediaFile | None, fields: Fields) -> tuple[str, ...]:
    """Return what identifies an item after it was moved or edited: its file or video; for a text its title or HTML."""
    match media:
        case WixFile(id=name) | MediaFile(id=name) | HostedVideo(url=name):
            return (f"{kind} {name}",)
        case None:
            title, html = fields.get("title"), fields.get("html")
            by_title = (f"{kind} titled {title}",) if title else ()
            return (*by_title, f"{kind} of {digest(html)[:16]}") if html else by_title


def _has_any_marker(item: LiveItem, markers: Collection[str]) -> bool:
    return any(marker in markers for marker in content_markers(item.kind, item.media, item.fields))


def only_marked_item(items: Iterable[LiveItem], markers: Collection[str]) -> LiveItem | None:
    """Return the item that has one of the markers, None if no item or several have one."""
    marked = [item for item in items if _has_any_marker(item, markers)]
    return marked[0] if len(marked) == 1 else None


def item_with_sort_order(items: Iterable[LiveItem], sort_order: float, markers: Collection[str]) -> LiveItem | None:
    """Return the item with this sort order and, if there are markers, one of them; None unless exactly one fits."""
    return with_sort_order((item for item in items if not markers or _has_any_marker(item, markers)), sort_order)


def with_sort_order(resources: Iterable[_R], sort_order: float) -> _R | None:
    """Return the resource with exactly this sort order, else with its value as a 32-bit float; None if several fit."""
    near = [r for r in resources if r.sort_order in (sort_order, float32(sort_order))]
    candidates = [r for r in near if r.sort_order == sort_order] or near
    return candidates[0] if len(candidates) == 1 else None


def _add_ids(bindings: Bindings, found: Mapping[Address, str]) -> Bindings:
    """Return `bindings` with the found ids; an item that one of them replaces is deposed: it is still to be deleted."""
    deposed = {old: address for address, new in found.items() if (old := bindings.ids.get(address, new)) != new}
    return replace(bindings, ids={**bindings.ids, **found}, deposed={**bindings.deposed, **deposed})
