"""The change of one resource: made, changed, replaced or deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from posixpath import basename

from galleryctl.model.address import Address
from galleryctl.model.desired import DesiredGallery, DesiredItem
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.media import HostedVideo, LocalFile, Media, MediaFile, RemoteFile, WixFile
from galleryctl.plan.changes import Action, Change, MatchedBy
from galleryctl.plan.diff import diff, diff_for_create
from galleryctl.plan.fingerprint import fingerprint, fingerprint_with_items
from galleryctl.plan.matching.evidence import media_reference, same_content
from galleryctl.plan.matching.match import ItemMatch


@dataclass(frozen=True, slots=True, kw_only=True)
class DisplayPosition:
    """Where an item stands and shall stand among the managed ones, from 1, and its sort order if that changes."""

    before: int
    after: int
    sort_order: float | None


def create_item_change(item: DesiredItem, position: DisplayPosition, *, reason: str = "") -> Change:
    """An item is made."""
    difference = diff_for_create(item.fields)
    return Change(
        address=item.address,
        action=Action.CREATE,
        kind=item.kind,
        name=desired_title(item),
        write=difference.write,
        fields=difference.fields,
        media=item.media,
        sort_order=position.sort_order,
        position=(position.before, position.after),
        reason=reason,
    )


def replace_item_change(item: DesiredItem, match: ItemMatch, position: DisplayPosition) -> Change:
    """An item is made anew, because the API cannot change its kind; the old one goes."""
    difference = diff_for_create(item.fields)
    return Change(
        address=item.address,
        action=Action.REPLACE,
        kind=item.kind,
        id=match.live.id,
        name=desired_title(item),
        write=difference.write,
        fields=difference.fields,
        media=item.media,
        media_before=media_reference(match.live.media),
        sort_order=position.sort_order,
        position=(position.before, position.after),
        fingerprint=fingerprint(match.live),
        matched_by=match.matched_by,
        reason=f"its kind changes from {match.live.kind} to {item.kind}",
    )


def update_item_change(
    item: DesiredItem,
    match: ItemMatch,
    position: DisplayPosition,
    *,
    media: Mapping[str, str],
    files: Mapping[str, MediaFile],
) -> Change | None:
    """What differs is written; None when nothing does."""
    difference = diff(item.fields, match.live.fields, item.ignore)
    repointed = "media" not in item.ignore and not same_content(item, match.live, media, files)
    if not difference.write and not repointed and position.sort_order is None:
        return None
    return Change(
        address=item.address,
        action=Action.UPDATE,
        kind=item.kind,
        id=match.live.id,
        name=desired_title(item) or live_title(match.live),
        write=difference.write,
        fields=difference.fields,
        media=item.media if repointed else None,
        media_before=media_reference(match.live.media) if repointed else None,
        sort_order=position.sort_order,
        position=None if position.sort_order is None else (position.before, position.after),
        fingerprint=fingerprint(match.live),
        matched_by=match.matched_by,
    )


def delete_item_change(address: Address, live: LiveItem, *, matched_by: MatchedBy, reason: str) -> Change:
    """One item goes."""
    return Change(
        address=address,
        action=Action.DELETE,
        kind=live.kind,
        id=live.id,
        name=live_title(live),
        fingerprint=fingerprint(live),
        matched_by=matched_by,
        reason=reason,
    )


def update_gallery_change(desired: DesiredGallery, live: LiveGallery, matched_by: MatchedBy) -> Change | None:
    """The gallery's own fields that differ are written; None when none does."""
    difference = diff(desired.fields, live.fields)
    if not difference.write:
        return None
    return Change(
        address=desired.address,
        action=Action.UPDATE,
        id=live.id,
        name=str(desired.fields.get("name") or live.name),
        write=difference.write,
        fields=difference.fields,
        fingerprint=fingerprint(live),
        matched_by=matched_by,
    )


def delete_gallery_change(address: Address, live: LiveGallery, *, matched_by: MatchedBy, reason: str) -> Change:
    """The gallery goes, and with it all that is in it."""
    return Change(
        address=address,
        action=Action.DELETE,
        id=live.id,
        name=live.name,
        fingerprint=fingerprint_with_items(live),
        matched_by=matched_by,
        reason=reason,
    )


def desired_title(item: DesiredItem) -> str:
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
