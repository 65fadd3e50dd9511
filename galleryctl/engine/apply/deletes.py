"""Delete exactly what was planned: check galleries before their deletion, and items after it."""

from __future__ import annotations

from collections.abc import Sequence

from galleryctl.engine.refresh.listing import read_items
from galleryctl.model.errors import GalleryctlError, StaleError
from galleryctl.model.live import LiveGallery
from galleryctl.model.waiting import Waiting, WaitKind
from galleryctl.plan.changes import Change
from galleryctl.plan.fingerprint import fingerprint_with_items
from galleryctl.wix.client import WixClient
from galleryctl.wix.endpoints import DELETE_ITEMS
from galleryctl.wix.errors import ApiError, NotFound, ResponseLost

_MAX_ATTEMPTS = 3
"""How often the deletion of items that still exist is sent."""
_PAUSE = 2.0
"""Seconds before the next attempt: reads may lag behind writes by a few seconds."""


async def delete_items(client: WixClient, gallery_id: str, ids: Sequence[str]) -> None:
    """Delete items of one gallery; an item or a gallery that no longer exists is not an error. Raises ApiError.

    The response lists the deleted items. The others are looked up: it is undocumented whether one missing item makes
    the API reject the whole request.
    """
    left, was_sent = list(ids), False
    for attempt in range(_MAX_ATTEMPTS):
        try:
            if attempt:
                await client.waits.pause(_before_attempt(attempt, len(left)))
            deleted = await client.delete_items(gallery_id, left)
            was_sent = True
            if left := [id_ for id_ in left if id_ not in deleted]:
                live = await _read_gallery(client, gallery_id)
                existing = {item.id for item in live.loaded_items} if live else set()
                left = [id_ for id_ in left if id_ in existing]
        except GalleryctlError as error:
            if not was_sent:
                raise
            what = f"{error.what}; some of the items may be deleted already"
            raise ResponseLost(what, call=DELETE_ITEMS.name, do="apply again") from error
        if not left:
            return
    undeleted = ApiError(
        f"{len(left)} of {len(ids)} items still exist after {_MAX_ATTEMPTS} attempts: {', '.join(left[:3])}",
        call=DELETE_ITEMS.name,
        do="apply again; if they remain, delete them in the Editor",
    )
    undeleted.effect_unknown = True
    raise undeleted


def _before_attempt(attempt: int, count: int) -> Waiting:
    what = f"reads to show that {count:,} {'item is' if count == 1 else 'items are'} deleted"
    return Waiting(kind=WaitKind.READS, what=what, seconds=_PAUSE, before=_PAUSE * (attempt - 1))


async def check_unchanged(client: WixClient, gallery_id: str, change: Change, planned_count: int) -> None:
    """Raise StaleError if a gallery to delete has changed since the plan: its new items would be deleted with it.

    `planned_count` is its number of items when the plan was made.
    """
    live = await _read_gallery(client, gallery_id)
    if live is not None and fingerprint_with_items(live) != change.fingerprint:
        raise StaleError(
            "the gallery changed after its deletion was planned",
            where=change.address,
            why=f"it has {live.item_count} items instead of {planned_count}"
            if live.item_count != planned_count
            else "its name, sort order or content is different",
            do="create a new plan and review it",
        )


async def _read_gallery(client: WixClient, gallery_id: str) -> LiveGallery | None:
    """Return the gallery with its current items, None if it no longer exists."""
    try:
        return await read_items(client, await client.get_gallery(gallery_id))
    except NotFound:
        return None
