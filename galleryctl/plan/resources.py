"""The change of one resource: create, update, replace or delete."""

from __future__ import annotations

from dataclasses import dataclass, replace
from posixpath import basename

from galleryctl.model.address import Address
from galleryctl.model.desired import DesiredGallery, DesiredItem
from galleryctl.model.last_applied import LastApplied
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.media import HostedVideo, LocalFile, RemoteFile, WixFile
from galleryctl.plan.changes import Action, Cause, Change, MatchedBy
from galleryctl.plan.compare import ItemDifference, changed_paths
from galleryctl.plan.diff import MEDIA_PATH, Difference, diff_for_create
from galleryctl.plan.fingerprint import content_digest, fingerprint, fingerprint_with_items
from galleryctl.plan.identity.evidence import media_reference
from galleryctl.plan.identity.items import ItemMatch
from galleryctl.plan.leaves import field_of

_NO_SORT_ORDER = "it has no sort order yet, so it would be shown after all that have one"


@dataclass(frozen=True, slots=True, kw_only=True)
class DisplayPosition:
    """The positions of an item among the managed ones before (0: none) and after, and its sort order if that changes."""

    before: int
    after: int
    sort_order: float | None


def create_item_change(
    item: DesiredItem, position: DisplayPosition, *, reason: str = "", cause: Cause = Cause.MANIFEST
) -> Change:
    """Return the change that creates an item."""
    difference = diff_for_create(item.fields)
    managed = (*difference.named, *((MEDIA_PATH,) if item.media is not None else ()))
    return Change(
        address=item.address,
        action=Action.CREATE,
        kind=item.kind,
        name=item_title(item),
        write=difference.write,
        fields=difference.fields,
        named=tuple(path for path in managed if field_of(path) not in item.ignore),
        media=item.media,
        sort_order=position.sort_order,
        position=(position.before, position.after),
        reason=reason,
        cause=cause,
    )


def replace_item_change(item: DesiredItem, match: ItemMatch, position: DisplayPosition, record: LastApplied) -> Change:
    """Return the change that creates an item and deletes the old one, because the API cannot change its kind.

    `record` are the last applied values of the old item: if a person changed it since, that is a conflict.
    """
    was_changed = any(changed_paths(match.live, record))
    return replace(
        create_item_change(item, position, cause=Cause.CONFLICT if was_changed else Cause.MANIFEST),
        changed_at=match.live.updated if was_changed else "",
        action=Action.REPLACE,
        id=match.live.id,
        media_before=media_reference(match.live.media),
        fingerprint=fingerprint(match.live),
        deleted_content=content_digest(match.live),
        matched_by=match.matched_by,
        reason=f"its kind changes from {match.live.kind} to {item.kind}",
    )


def update_item_change(
    item: DesiredItem, match: ItemMatch, position: DisplayPosition, difference: ItemDifference, *, moved: Cause
) -> Change | None:
    """Return the change that writes what differs, None if nothing does; `moved` is the cause of a move."""
    fields = difference.fields
    if not fields.write and difference.media_cause is None and position.sort_order is None:
        return None
    media_differs = difference.media_cause is not None
    change = Change(
        address=item.address,
        action=Action.UPDATE,
        kind=item.kind,
        id=match.live.id,
        name=item_title(item) or item_title(match.live),
        write=fields.write,
        fields=fields.fields,
        named=(*fields.named, *((MEDIA_PATH,) if media_differs else ())),
        cleared=fields.cleared,
        media=item.media if media_differs else None,
        media_before=media_reference(match.live.media) if media_differs else None,
        media_cause=difference.media_cause or Cause.MANIFEST,
        sort_order=position.sort_order,
        position=None if position.sort_order is None else (position.before, position.after),
        position_cause=Cause.MANIFEST if position.sort_order is None else moved,
        fingerprint=fingerprint(match.live),
        matched_by=match.matched_by,
        reason=_NO_SORT_ORDER if position.sort_order is not None and match.live.sort_order is None else "",
    )
    return replace(change, changed_at=match.live.updated) if change.is_drift else change


def update_gallery_change(
    desired: DesiredGallery, live: LiveGallery, matched_by: MatchedBy, difference: Difference
) -> Change | None:
    """Return the change that writes the gallery's own fields that differ, None if none does."""
    if not difference.write:
        return None
    return Change(
        address=desired.address,
        action=Action.UPDATE,
        id=live.id,
        name=_name(desired) or live.name,
        write=difference.write,
        fields=difference.fields,
        named=difference.named,
        cleared=difference.cleared,
        fingerprint=fingerprint(live),
        matched_by=matched_by,
    )


def delete_change(
    address: Address,
    live: LiveItem | LiveGallery,
    *,
    matched_by: MatchedBy,
    reason: str,
    cause: Cause = Cause.MANIFEST,
) -> Change:
    """Return the change that deletes an item, or a gallery with all its items."""
    return Change(
        address=address,
        action=Action.DELETE,
        kind=live.kind if isinstance(live, LiveItem) else None,
        id=live.id,
        name=item_title(live) if isinstance(live, LiveItem) else live.name,
        fingerprint=fingerprint(live) if isinstance(live, LiveItem) else fingerprint_with_items(live),
        deleted_content=content_digest(live),
        deleted_items=0 if isinstance(live, LiveItem) else live.item_count,
        matched_by=matched_by,
        reason=reason,
        cause=cause,
    )


def _name(gallery: DesiredGallery) -> str:
    """Return the name in the manifest, "" if there is none."""
    name = gallery.fields.get("name")
    return name if isinstance(name, str) else ""


def item_title(item: DesiredItem | LiveItem) -> str:
    """Return the title of an item, else the name of its file or video, "" for a text."""
    title = item.fields.get("title")
    if isinstance(title, str) and title:
        return title
    match item.media:
        case LocalFile(path=path):
            return basename(path)
        case RemoteFile(url=url) | HostedVideo(url=url):
            return url
        case WixFile(id=id_, filename=filename):
            return filename or id_
        case None:
            return ""
