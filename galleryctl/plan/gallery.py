"""The plan of one gallery: what differs, what is missing, what is too much."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from posixpath import basename

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import DesiredGallery, DesiredItem, ItemOrder, Unmanaged
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.media import HostedVideo, LocalFile, Media, MediaFile, RemoteFile, WixFile
from galleryctl.plan.changes import Action, Basis, Change, Notice
from galleryctl.plan.diff import Difference, created, diff
from galleryctl.plan.fingerprint import fingerprint
from galleryctl.plan.match import ItemPair, gallery_names, match_items
from galleryctl.plan.positions import place
from galleryctl.plan.recognise import live_name, shows

NO_LONGER_NAMED = "no manifest names it any more"
GONE = "gone from the site"
DESTROYED = "all that is managed is destroyed"
_NO_KEY = re.compile(r"[^A-Za-z0-9._-]")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spot:
    """Where an item stands and shall stand among the managed ones, from 1, and its sort order if that changes."""

    before: int
    after: int
    sort_order: float | None


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
        _create(item, _Spot(before=0, after=i + 1, sort_order=orders[i]))
        for i, item in enumerate(wanted.items)
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
) -> GalleryPlan:
    """What makes `live` what the manifest wants."""
    shown = in_display_order(live.items or (), item_order)
    pairs = match_items(wanted.items, shown, bindings, files)
    media = recognised(wanted.items, pairs, bindings, files)
    spots = _spots(wanted.items, shown, pairs, item_order)
    changes = [change for change in (_update_gallery(wanted, live, basis),) if change]
    for item in wanted.items:
        pair = pairs.get(item.address)
        spot = spots[item.address]
        if pair is None:
            changes.append(_create(item, spot, reason=GONE if item.address in bindings.ids else ""))
        elif pair.live.kind is not item.kind:
            changes.append(_replace(item, pair, spot))
        elif change := _update(item, pair, spot, {**bindings.media, **media}, files):
            changes.append(change)
    touched = {change.address for change in changes}
    removed, notices = _leftover(wanted, shown, pairs, bindings)
    guesses = (_guess(address, pair) for address, pair in pairs.items() if pair.basis.guessed)
    return GalleryPlan(
        changes=(*changes, *removed),
        ids={wanted.address: live.id, **{address: pair.live.id for address, pair in pairs.items()}},
        media=media,
        unchanged=frozenset({wanted.address, *pairs} - touched),
        notices=(*guesses, *notices),
    )


def delete_items(
    wanted: DesiredGallery,
    live: LiveGallery,
    *,
    bindings: Bindings,
    files: Mapping[str, MediaFile],
    item_order: ItemOrder,
) -> GalleryPlan:
    """All that the manifest or state has in `live` goes; the gallery itself and what was never ours stay."""
    shown = in_display_order(live.items or (), item_order)
    pairs = match_items(wanted.items, shown, bindings, files)
    removed = (
        delete_item(address, pair.live, basis=pair.basis, reason=DESTROYED) for address, pair in pairs.items()
    )
    rest, _ = _leftover(replace(wanted, unmanaged=Unmanaged.KEEP), shown, pairs, bindings)
    return GalleryPlan(
        changes=(*removed, *rest),
        ids={wanted.address: live.id, **{address: pair.live.id for address, pair in pairs.items()}},
    )


def delete_gallery(address: Address, live: LiveGallery, *, basis: Basis, reason: str) -> Change:
    """The gallery goes, and with it all that is in it."""
    return Change(
        address=address,
        action=Action.DELETE,
        id=live.id,
        name=live.name,
        fingerprint=fingerprint(live),
        basis=basis,
        reason=reason,
    )


def delete_item(address: Address, live: LiveItem, *, basis: Basis, reason: str) -> Change:
    """One item goes."""
    return Change(
        address=address,
        action=Action.DELETE,
        kind=live.kind,
        id=live.id,
        name=live_title(live),
        fingerprint=fingerprint(live),
        basis=basis,
        reason=reason,
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
        if (
            isinstance(live, WixFile)
            and settled not in current
            and shows(item, pair.live, bindings.media, files)
        ):
            found[source] = live.id
    return found


def _spots(
    wanted: Sequence[DesiredItem],
    shown: Sequence[LiveItem],
    pairs: Mapping[Address, ItemPair],
    item_order: ItemOrder,
) -> Mapping[Address, _Spot]:
    rank = {item.id: i for i, item in enumerate(shown)}
    before = sorted(pairs, key=lambda address: rank[pairs[address].live.id])
    places = {address: i for i, address in enumerate(before, 1)}
    found = (pairs.get(item.address) for item in wanted)
    current = [
        pair.live.sort_order if pair and pair.live.kind is item.kind else None
        for item, pair in zip(wanted, found, strict=True)
    ]
    orders = place(current, (item.sort_order for item in shown), item_order)
    return {
        item.address: _Spot(before=places.get(item.address, 0), after=i + 1, sort_order=orders.get(i))
        for i, item in enumerate(wanted)
    }


def _create(item: DesiredItem, spot: _Spot, *, reason: str = "") -> Change:
    difference = created(item.fields)
    return Change(
        address=item.address,
        action=Action.CREATE,
        kind=item.kind,
        name=wanted_title(item),
        write=difference.write,
        fields=difference.fields,
        media=item.media,
        sort_order=spot.sort_order,
        place=(spot.before, spot.after),
        reason=reason,
    )


def _replace(item: DesiredItem, pair: ItemPair, spot: _Spot) -> Change:
    difference = created(item.fields)
    return Change(
        address=item.address,
        action=Action.REPLACE,
        kind=item.kind,
        id=pair.live.id,
        name=wanted_title(item),
        write=difference.write,
        fields=difference.fields,
        media=item.media,
        media_before=live_name(pair.live.media),
        sort_order=spot.sort_order,
        place=(spot.before, spot.after),
        fingerprint=fingerprint(pair.live),
        basis=pair.basis,
        reason=f"its kind changes from {pair.live.kind} to {item.kind}",
    )


def _update(
    item: DesiredItem,
    pair: ItemPair,
    spot: _Spot,
    media: Mapping[str, str],
    files: Mapping[str, MediaFile],
) -> Change | None:
    difference = diff(item.fields, pair.live.fields, item.ignore)
    repointed = "media" not in item.ignore and not shows(item, pair.live, media, files)
    if not difference.write and not repointed and spot.sort_order is None:
        return None
    return Change(
        address=item.address,
        action=Action.UPDATE,
        kind=item.kind,
        id=pair.live.id,
        name=wanted_title(item) or live_title(pair.live),
        write=difference.write,
        fields=difference.fields,
        media=item.media if repointed else None,
        media_before=live_name(pair.live.media) if repointed else None,
        sort_order=spot.sort_order,
        place=None if spot.sort_order is None else (spot.before, spot.after),
        fingerprint=fingerprint(pair.live),
        basis=pair.basis,
    )


def _update_gallery(wanted: DesiredGallery, live: LiveGallery, basis: Basis) -> Change | None:
    difference: Difference = diff(wanted.fields, live.fields)
    if not difference.write:
        return None
    return Change(
        address=wanted.address,
        action=Action.UPDATE,
        id=live.id,
        name=str(wanted.fields.get("name") or live.name),
        write=difference.write,
        fields=difference.fields,
        fingerprint=fingerprint(live),
        basis=basis,
    )


def _leftover(
    wanted: DesiredGallery, shown: Sequence[LiveItem], pairs: Mapping[Address, ItemPair], bindings: Bindings
) -> tuple[list[Change], list[Notice]]:
    """What to do with the live items that no entry of the manifest means."""
    used = {pair.live.id for pair in pairs.values()}
    owners = {id_: address for address, id_ in bindings.ids.items()}
    removed: list[Change] = []
    notices: list[Notice] = []
    for item in shown:
        if item.id in used:
            continue
        if address := bindings.deposed.get(item.id):
            reason = "its replacement is made, it was still to be deleted"
            removed.append(delete_item(address, item, basis=Basis.JOURNAL, reason=reason))
        elif address := owners.get(item.id):
            removed.append(delete_item(address, item, basis=Basis.STATE, reason=NO_LONGER_NAMED))
        elif wanted.unmanaged is Unmanaged.DELETE:
            reason = "no manifest names it, and the gallery says unmanaged: delete"
            address = stranger_address(wanted.address, item)
            removed.append(delete_item(address, item, basis=Basis.NONE, reason=reason))
        elif wanted.unmanaged is Unmanaged.REPORT:
            message = f"no manifest names this {item.kind}: {live_title(item) or 'untitled'} (id {item.id})"
            notices.append(Notice(address=wanted.address, message=message))
    return removed, notices


def stranger_address(gallery: Address, item: LiveItem) -> Address:
    """What a plan calls an item that was never ours: by its id, in the form of a key."""
    return Address(gallery.gallery, _NO_KEY.sub("-", f"unmanaged.{item.id}")[:100])


def _guess(address: Address, pair: ItemPair) -> Notice:
    name = live_title(pair.live)
    which = f"{name!r} (id {pair.live.id})" if name else pair.live.id
    return Notice(address=address, message=f"taken to be {which}, guessed by {pair.basis}; check that it is")


def _shown_nowhere(wanted: DesiredGallery) -> Iterator[Notice]:
    """Warnings about a gallery that the API makes: pages show it only through code (wix-api)."""
    yield Notice(
        address=wanted.address,
        message="made by the API, it shows on no page until one is connected to it in code: see `galleryctl velo`",
    )
    for item in wanted.items:
        if item.media is None:
            yield Notice(address=item.address, message="a text breaks the gallery component that code fills")
        if item.fields.get("link.text"):
            message = "an item whose link has a text is not shown in a gallery that code fills"
            yield Notice(address=item.address, message=message)


def wanted_title(item: DesiredItem) -> str:
    """The title that the manifest gives, or the name of the file or video."""
    title = item.fields.get("title")
    return title if isinstance(title, str) and title else _media_title(item.media)


def live_title(item: LiveItem) -> str:
    """The title, or the name of the file or video."""
    title = item.fields.get("title")
    return title if isinstance(title, str) and title else _media_title(item.media)


def _media_title(media: Media) -> str:
    match media:
        case LocalFile(path=path):
            return basename(path)
        case RemoteFile(url=url) | HostedVideo(url=url):
            return url
        case WixFile(id=id_, filename=filename):
            return filename or id_
        case None:
            return ""
