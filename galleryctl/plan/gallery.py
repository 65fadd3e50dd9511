"""The plan of one gallery: what differs, what is missing, what is too much."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import DesiredGallery, DesiredItem, ItemOrder, UnmanagedPolicy
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.media import LocalFile, MediaFile, RemoteFile, WixFile
from galleryctl.plan.changes import Action, Change, MatchedBy, Notice
from galleryctl.plan.diff import diff_for_create
from galleryctl.plan.matching.evidence import same_content
from galleryctl.plan.matching.match import ItemMatch, gallery_names, match_items
from galleryctl.plan.ordering.reorder import already_ordered, assign_sort_orders
from galleryctl.plan.resources import (
    DisplayPosition,
    create_item_change,
    delete_gallery_change,
    delete_item_change,
    live_title,
    replace_item_change,
    update_gallery_change,
    update_item_change,
)
from galleryctl.plan.targets import is_targeted
from galleryctl.plan.unmanaged import delete_orphaned, prune_unmanaged, report_unmanaged, unmanaged_items

GONE_REASON = "gone from the site"
DESTROY_REASON = "all that is managed is destroyed"


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
    unmanaged_items_lost: Mapping[Address, int] = field(default_factory=dict)
    """How many items that are not ours would go with a gallery."""
    blocking_items: tuple[Address, ...] = ()
    """What would have to move to make room for a target, and is none."""


def plan_gallery_create(
    desired: DesiredGallery, sort_order: float, item_order: ItemOrder, *, reason: str = ""
) -> GalleryPlan:
    """The gallery and all its items, made anew."""
    names = gallery_names(desired)
    difference = diff_for_create({**desired.fields, **({"name": names[0]} if names else {})})
    gallery = Change(
        address=desired.address,
        action=Action.CREATE,
        name=names[0] if names else desired.address.gallery,
        write=difference.write,
        fields=difference.fields,
        sort_order=sort_order,
        reason=reason,
    )
    orders = assign_sort_orders([None] * len(desired.items), (), item_order)
    items = (
        create_item_change(item, DisplayPosition(before=0, after=i + 1, sort_order=orders[i]))
        for i, item in enumerate(desired.items)
    )
    return GalleryPlan(changes=(gallery, *items), notices=tuple(_page_code_notices(desired)))


def plan_gallery_update(
    desired: DesiredGallery,
    live: LiveGallery,
    matched_by: MatchedBy,
    *,
    state: Bindings,
    files: Mapping[str, MediaFile],
    item_order: ItemOrder,
    targets: Sequence[Address] = (),
) -> GalleryPlan:
    """What makes `live` what the manifest wants; `bindings` are those of the gallery.

    All of it is told; only the `targets` get new places.
    """
    live_items = in_display_order(live.loaded_items, item_order)
    matches = match_items(desired.items, live_items, state, files)
    learnt = match_media(desired.items, matches, state, files)
    media = {**state.media, **learnt}
    positions = _positions(desired.items, live_items, matches, live.unsupported_sort_orders, item_order, targets)
    changes = [change for change in (update_gallery_change(desired, live, matched_by),) if change]
    for item in desired.items:
        pair, spot = matches.get(item.address), positions[item.address]
        if pair is None:
            changes.append(create_item_change(item, spot, reason=GONE_REASON if item.address in state.ids else ""))
        elif pair.live.kind is not item.kind:
            changes.append(replace_item_change(item, pair, spot))
        elif change := update_item_change(item, pair, spot, media=media, files=files):
            changes.append(change)
    touched = {change.address for change in changes}
    moved = [address for address, spot in positions.items() if spot.sort_order is not None]
    others = unmanaged_items(live_items, matches, state)
    guesses = (_guess_notice(address, pair) for address, pair in matches.items() if pair.matched_by.is_guess)
    return GalleryPlan(
        changes=(*changes, *delete_orphaned(live_items, matches, state), *prune_unmanaged(desired, others)),
        ids=_matched_ids(desired, live, matches),
        media=learnt,
        unchanged=frozenset({desired.address, *matches} - touched),
        notices=(*guesses, *report_unmanaged(desired, others)),
        blocking_items=tuple(address for address in moved if not is_targeted(address, targets)),
    )


def plan_gallery_destroy(
    desired: DesiredGallery,
    live: LiveGallery,
    matched_by: MatchedBy,
    *,
    state: Bindings,
    files: Mapping[str, MediaFile],
) -> GalleryPlan:
    """The gallery goes with all that is in it, even what is not ours where the manifest says `unmanaged: delete`."""
    matches = match_items(desired.items, live.loaded_items, state, files)
    change = delete_gallery_change(desired.address, live, matched_by=matched_by, reason=DESTROY_REASON)
    mine = len(live.loaded_items) - len(unmanaged_items(live.loaded_items, matches, state))
    asked_for = desired.unmanaged is UnmanagedPolicy.DELETE
    return GalleryPlan(
        changes=(change,),
        ids={desired.address: live.id},
        unmanaged_items_lost={} if asked_for else {desired.address: live.item_count - mine},
    )


def plan_items_destroy(
    desired: DesiredGallery,
    live: LiveGallery,
    *,
    state: Bindings,
    files: Mapping[str, MediaFile],
    item_order: ItemOrder,
) -> GalleryPlan:
    """All that the manifest or state has in `live` goes; the gallery itself and what was never ours stay."""
    live_items = in_display_order(live.loaded_items, item_order)
    matches = match_items(desired.items, live_items, state, files)
    removed = (
        delete_item_change(address, pair.live, matched_by=pair.matched_by, reason=DESTROY_REASON)
        for address, pair in matches.items()
    )
    return GalleryPlan(
        changes=(*removed, *delete_orphaned(live_items, matches, state)),
        ids=_matched_ids(desired, live, matches),
    )


def in_display_order(items: Iterable[LiveItem], item_order: ItemOrder) -> list[LiveItem]:
    """`items` as a visitor sees them, those without a sort order last."""
    sign = 1 if item_order is ItemOrder.ASCENDING else -1
    return sorted(items, key=lambda i: (i.sort_order is None, sign * (i.sort_order or 0.0), i.id))


def match_media(
    desired: Iterable[DesiredItem],
    matches: Mapping[Address, ItemMatch],
    state: Bindings,
    files: Mapping[str, MediaFile],
) -> Mapping[str, str]:
    """The files that turned out to hold a wanted content, though state did not say so: source → file id."""
    current = {pair.live.media.id for pair in matches.values() if isinstance(pair.live.media, WixFile)}
    found: dict[str, str] = {}
    for item in desired:
        pair = matches.get(item.address)
        if pair is None or not isinstance(item.media, LocalFile | RemoteFile):
            continue
        source, live = item.media.source, pair.live.media
        # A file that state knows and that another item shows stays the one for this content.
        settled = found.get(source) or state.media.get(source)
        if isinstance(live, WixFile) and settled not in current and same_content(item, pair.live, state.media, files):
            found[source] = live.id
    return found


def _matched_ids(
    desired: DesiredGallery, live: LiveGallery, matches: Mapping[Address, ItemMatch]
) -> Mapping[Address, str]:
    return {desired.address: live.id, **{address: pair.live.id for address, pair in matches.items()}}


def _positions(
    desired: Sequence[DesiredItem],
    live_items: Sequence[LiveItem],
    matches: Mapping[Address, ItemMatch],
    foreign_orders: Iterable[float],
    item_order: ItemOrder,
    targets: Sequence[Address],
) -> Mapping[Address, DisplayPosition]:
    rank = {item.id: i for i, item in enumerate(live_items)}
    before = sorted(matches, key=lambda address: rank[matches[address].live.id])
    places = {address: i for i, address in enumerate(before, 1)}
    found = (matches.get(item.address) for item in desired)
    current = [
        pair.live.sort_order if pair and pair.live.kind is item.kind else None
        for item, pair in zip(desired, found, strict=True)
    ]
    taken = (*(item.sort_order for item in live_items), *foreign_orders)
    chosen: Sequence[int] = range(len(desired))
    if targets:
        kept = already_ordered(current, taken, item_order)
        current = [value if i in kept else None for i, value in enumerate(current)]
        chosen = [i for i in chosen if i in kept or is_targeted(desired[i].address, targets)]
    new = assign_sort_orders([current[i] for i in chosen], taken, item_order)
    orders = {chosen[i]: value for i, value in new.items()}
    if _already_in_order(desired, before, matches, live_items):
        orders = {}
    return {
        item.address: DisplayPosition(before=places.get(item.address, 0), after=i + 1, sort_order=orders.get(i))
        for i, item in enumerate(desired)
    }


def _already_in_order(
    desired: Sequence[DesiredItem],
    current_order: Sequence[Address],
    matches: Mapping[Address, ItemMatch],
    live_items: Sequence[LiveItem],
) -> bool:
    """Whether all stands as it is wanted, also what has no sort order: that stands last, and would be written for nothing."""
    values = [item.sort_order for item in live_items if item.sort_order is not None]
    return (
        len(set(values)) == len(values)
        and [item.address for item in desired] == list(current_order)
        and all(matches[item.address].live.kind is item.kind for item in desired)
    )


def _guess_notice(address: Address, match: ItemMatch) -> Notice:
    name = live_title(match.live)
    which = f"{name!r} (id {match.live.id})" if name else match.live.id
    return Notice(address=address, message=f"taken to be {which}, guessed by {match.matched_by}; check that it is")


def _page_code_notices(desired: DesiredGallery) -> Iterator[Notice]:
    """Warnings about a gallery that the API makes: pages show it only through code (wix-api)."""
    yield Notice(
        address=desired.address,
        message="created by the API: no page shows it until page code connects it; see `galleryctl velo`",
    )
    for item in desired.items:
        if item.media is None:
            yield Notice(address=item.address, message="a text item breaks a gallery component that page code fills")
        if item.fields.get("link.text"):
            message = "a gallery component that page code fills does not show an item whose link has a text"
            yield Notice(address=item.address, message=message)
