"""The change of one resource: made, changed, replaced or deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from posixpath import basename

from galleryctl.model.address import Address
from galleryctl.model.desired import DesiredGallery, DesiredItem
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.media import HostedVideo, LocalFile, Media, MediaFile, RemoteFile, WixFile
from galleryctl.plan.changes import Action, Basis, Change
from galleryctl.plan.diff import created, diff
from galleryctl.plan.fingerprint import fingerprint, fingerprint_with_items
from galleryctl.plan.match import ItemPair
from galleryctl.plan.recognise import live_name, shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where an item stands and shall stand among the managed ones, from 1, and its sort order if that changes."""

    before: int
    after: int
    sort_order: float | None


def create_item(item: DesiredItem, spot: Spot, *, reason: str = "") -> Change:
    """An item is made."""
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


def replace_item(item: DesiredItem, pair: ItemPair, spot: Spot) -> Change:
    """An item is made anew, because the API cannot change its kind; the old one goes."""
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


def update_item(
    item: DesiredItem,
    pair: ItemPair,
    spot: Spot,
    *,
    media: Mapping[str, str],
    files: Mapping[str, MediaFile],
) -> Change | None:
    """What differs is written; None when nothing does."""
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


def update_gallery(wanted: DesiredGallery, live: LiveGallery, basis: Basis) -> Change | None:
    """The gallery's own fields that differ are written; None when none does."""
    difference = diff(wanted.fields, live.fields)
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


def delete_gallery(address: Address, live: LiveGallery, *, basis: Basis, reason: str) -> Change:
    """The gallery goes, and with it all that is in it."""
    return Change(
        address=address,
        action=Action.DELETE,
        id=live.id,
        name=live.name,
        fingerprint=fingerprint_with_items(live),
        basis=basis,
        reason=reason,
    )


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
