"""The plan of one gallery: what differs, what is missing, what is too much."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import DesiredGallery, DesiredItem, ItemOrder, UnmanagedPolicy
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.media import LocalFile, MediaFile, RemoteFile, WixFile
from galleryctl.plan.changes import Action, Basis, Change, Notice
from galleryctl.plan.diff import created
from galleryctl.plan.leftover import ours, reported, strangers, unwanted
from galleryctl.plan.match import ItemPair, gallery_names, match_items
from galleryctl.plan.positions import place, settled
from galleryctl.plan.recognise import shows
from galleryctl.plan.resources import (
    Spot,
    create_item,
    delete_gallery,
    delete_item,
    live_title,
    replace_item,
    update_gallery,
    update_item,
)
from galleryctl.plan.targets import targeted

GONE = "gone from the site"
DESTROYED = "all that is managed is destroyed"


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryPlan:
    """What to do in one gallery, and what was learnt of it."""

    changes: tuple[Change, ...] = ()
    ids: Mapping[Address, str] = field(default_factory=dict)
    """Every pair, known before or not."""
    media: Mapping[str, str] = field(default_factory=dict)
    """Files that were recognised: source → file id."""
    unchanged: frozenset[Address] = frozenset()
    notices: tuple[Notice, ...] = ()
    bystanders: Mapping[Address, int] = field(default_factory=dict)
    """How many items that are not ours would go with a gallery."""
    cramped: tuple[Address, ...] = ()
    """What would have to move to make room for a target, and is none."""


def create_gallery(
    wanted: DesiredGallery, sort_order: float, item_order: ItemOrder, *, reason: str = ""
) -> GalleryPlan:
    """The gallery and all its items, made anew."""
    names = gallery_names(wanted)
    difference = created({**wanted.fields, **({"name": names[0]} if names else {})})
    gallery = Change(
        address=wanted.address,
        action=Action.CREATE,
        name=names[0] if names else wanted.address.gallery,
        write=difference.write,
        fields=difference.fields,
        sort_order=sort_order,
        reason=reason,
    )
    orders = place([None] * len(wanted.items), (), item_order)
    items = (
        create_item(item, Spot(before=0, after=i + 1, sort_order=orders[i])) for i, item in enumerate(wanted.items)
    )
    return GalleryPlan(changes=(gallery, *items), notices=tuple(_shown_nowhere(wanted)))


def change_gallery(
    wanted: DesiredGallery,
    live: LiveGallery,
    basis: Basis,
    *,
    bindings: Bindings,
    files: Mapping[str, MediaFile],
    item_order: ItemOrder,
    targets: Sequence[Address] = (),
) -> GalleryPlan:
    """What makes `live` what the manifest wants; `bindings` are those of the gallery.

    All of it is told; only the `targets` get new places.
    """
    shown = in_display_order(live.loaded_items, item_order)
    pairs = match_items(wanted.items, shown, bindings, files)
    learnt = recognised(wanted.items, pairs, bindings, files)
    media = {**bindings.media, **learnt}
    spots = _spots(wanted.items, shown, pairs, live.unsupported_sort_orders, item_order, targets)
    changes = [change for change in (update_gallery(wanted, live, basis),) if change]
    for item in wanted.items:
        pair, spot = pairs.get(item.address), spots[item.address]
        if pair is None:
            changes.append(create_item(item, spot, reason=GONE if item.address in bindings.ids else ""))
        elif pair.live.kind is not item.kind:
            changes.append(replace_item(item, pair, spot))
        elif change := update_item(item, pair, spot, media=media, files=files):
            changes.append(change)
    touched = {change.address for change in changes}
    moved = [address for address, spot in spots.items() if spot.sort_order is not None]
    others = strangers(shown, pairs, bindings)
    guesses = (_guess(address, pair) for address, pair in pairs.items() if pair.basis.guessed)
    return GalleryPlan(
        changes=(*changes, *ours(shown, pairs, bindings), *unwanted(wanted, others)),
        ids=_ids(wanted, live, pairs),
        media=learnt,
        unchanged=frozenset({wanted.address, *pairs} - touched),
        notices=(*guesses, *reported(wanted, others)),
        cramped=tuple(address for address in moved if not targeted(address, targets)),
    )


def destroy_gallery(
    wanted: DesiredGallery,
    live: LiveGallery,
    basis: Basis,
    *,
    bindings: Bindings,
    files: Mapping[str, MediaFile],
) -> GalleryPlan:
    """The gallery goes with all that is in it, even what is not ours where the manifest says `unmanaged: delete`."""
    pairs = match_items(wanted.items, live.loaded_items, bindings, files)
    change = delete_gallery(wanted.address, live, basis=basis, reason=DESTROYED)
    mine = len(live.loaded_items) - len(strangers(live.loaded_items, pairs, bindings))
    asked_for = wanted.unmanaged is UnmanagedPolicy.DELETE
    return GalleryPlan(
        changes=(change,),
        ids={wanted.address: live.id},
        bystanders={} if asked_for else {wanted.address: live.item_count - mine},
    )


def destroy_items(
    wanted: DesiredGallery,
    live: LiveGallery,
    *,
    bindings: Bindings,
    files: Mapping[str, MediaFile],
    item_order: ItemOrder,
) -> GalleryPlan:
    """All that the manifest or state has in `live` goes; the gallery itself and what was never ours stay."""
    shown = in_display_order(live.loaded_items, item_order)
    pairs = match_items(wanted.items, shown, bindings, files)
    removed = (delete_item(address, pair.live, basis=pair.basis, reason=DESTROYED) for address, pair in pairs.items())
    return GalleryPlan(
        changes=(*removed, *ours(shown, pairs, bindings)),
        ids=_ids(wanted, live, pairs),
    )


def in_display_order(items: Iterable[LiveItem], item_order: ItemOrder) -> list[LiveItem]:
    """`items` as a visitor sees them, those without a sort order last."""
    sign = 1 if item_order is ItemOrder.ASCENDING else -1
    return sorted(items, key=lambda i: (i.sort_order is None, sign * (i.sort_order or 0.0), i.id))


def recognised(
    wanted: Iterable[DesiredItem],
    pairs: Mapping[Address, ItemPair],
    bindings: Bindings,
    files: Mapping[str, MediaFile],
) -> Mapping[str, str]:
    """The files that turned out to hold a wanted content, though state did not say so: source → file id."""
    current = {pair.live.media.id for pair in pairs.values() if isinstance(pair.live.media, WixFile)}
    found: dict[str, str] = {}
    for item in wanted:
        pair = pairs.get(item.address)
        if pair is None or not isinstance(item.media, LocalFile | RemoteFile):
            continue
        source, live = item.media.source, pair.live.media
        # A file that state knows and that another item shows stays the one for this content.
        settled = found.get(source) or bindings.media.get(source)
        if isinstance(live, WixFile) and settled not in current and shows(item, pair.live, bindings.media, files):
            found[source] = live.id
    return found


def _ids(wanted: DesiredGallery, live: LiveGallery, pairs: Mapping[Address, ItemPair]) -> Mapping[Address, str]:
    return {wanted.address: live.id, **{address: pair.live.id for address, pair in pairs.items()}}


def _spots(
    wanted: Sequence[DesiredItem],
    shown: Sequence[LiveItem],
    pairs: Mapping[Address, ItemPair],
    foreign_orders: Iterable[float],
    item_order: ItemOrder,
    targets: Sequence[Address],
) -> Mapping[Address, Spot]:
    rank = {item.id: i for i, item in enumerate(shown)}
    before = sorted(pairs, key=lambda address: rank[pairs[address].live.id])
    places = {address: i for i, address in enumerate(before, 1)}
    found = (pairs.get(item.address) for item in wanted)
    current = [
        pair.live.sort_order if pair and pair.live.kind is item.kind else None
        for item, pair in zip(wanted, found, strict=True)
    ]
    taken = (*(item.sort_order for item in shown), *foreign_orders)
    chosen: Sequence[int] = range(len(wanted))
    if targets:
        kept = settled(current, taken, item_order)
        current = [value if i in kept else None for i, value in enumerate(current)]
        chosen = [i for i in chosen if i in kept or targeted(wanted[i].address, targets)]
    new = place([current[i] for i in chosen], taken, item_order)
    orders = {chosen[i]: value for i, value in new.items()}
    if _in_place(wanted, before, pairs, shown):
        orders = {}
    return {
        item.address: Spot(before=places.get(item.address, 0), after=i + 1, sort_order=orders.get(i))
        for i, item in enumerate(wanted)
    }


def _in_place(
    wanted: Sequence[DesiredItem],
    before: Sequence[Address],
    pairs: Mapping[Address, ItemPair],
    shown: Sequence[LiveItem],
) -> bool:
    """Whether all stands as it is wanted, also what has no sort order: that stands last, and would be written for nothing."""
    values = [item.sort_order for item in shown if item.sort_order is not None]
    return (
        len(set(values)) == len(values)
        and [item.address for item in wanted] == list(before)
        and all(pairs[item.address].live.kind is item.kind for item in wanted)
    )


def _guess(address: Address, pair: ItemPair) -> Notice:
    name = live_title(pair.live)
    which = f"{name!r} (id {pair.live.id})" if name else pair.live.id
    return Notice(address=address, message=f"taken to be {which}, guessed by {pair.basis}; check that it is")


def _shown_nowhere(wanted: DesiredGallery) -> Iterator[Notice]:
    """Warnings about a gallery that the API makes: pages show it only through code (wix-api)."""
    yield Notice(
        address=wanted.address,
        message="created by the API: no page shows it until page code connects it; see `galleryctl velo`",
    )
    for item in wanted.items:
        if item.media is None:
            yield Notice(address=item.address, message="a text item breaks a gallery component that page code fills")
        if item.fields.get("link.text"):
            message = "a gallery component that page code fills does not show an item whose link has a text"
            yield Notice(address=item.address, message=message)
