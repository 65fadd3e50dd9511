"""Delete what was planned, all of it and nothing else: looked at before where more would go, and after where less did."""

from __future__ import annotations

from collections.abc import Sequence

from galleryctl.engine.refresh.fetch import read_items
from galleryctl.model.errors import StaleError
from galleryctl.model.live import LiveGallery
from galleryctl.plan.changes import Change
from galleryctl.plan.fingerprint import fingerprint_with_items
from galleryctl.wix.client import WixClient
from galleryctl.wix.endpoints import DELETE_ITEMS
from galleryctl.wix.errors import ApiError, NotFound

_MAX_ATTEMPTS = 3
"""How often items are deleted that are still there."""
_PAUSE = 2.0
"""Seconds before the next try: reads lag behind writes for a few (wix-api)."""


async def delete_items(client: WixClient, gallery_id: str, ids: Sequence[str]) -> None:
    """Delete items of one gallery; those that are gone already, or their gallery, are fine. Raises ApiError.

    The API says which it deleted. The others are looked for: whether one that is gone makes it refuse all is not settled.
    """
    left = list(ids)
    for attempt in range(_MAX_ATTEMPTS):
        if attempt:
            await client.sleep(_PAUSE)
        deleted = await client.delete_items(gallery_id, left)
        if left := [id_ for id_ in left if id_ not in deleted]:
            live = await _read_gallery(client, gallery_id)
            there = {item.id for item in live.loaded_items} if live else set()
            left = [id_ for id_ in left if id_ in there]
        if not left:
            return
    raise ApiError(
        f"{len(left)} of {len(ids)} items are still there after {_MAX_ATTEMPTS} tries: {', '.join(left[:3])}",
        call=DELETE_ITEMS.name,
        do="run apply again; if they stay, delete them in the Editor",
    )


async def check_unchanged(client: WixClient, gallery_id: str, change: Change, planned_count: int) -> None:
    """Raise StaleError when a gallery that is to be deleted is not as planned: all that is in it would go too.

    `before` is how many items it had then.
    """
    live = await _read_gallery(client, gallery_id)
    if live is not None and fingerprint_with_items(live) != change.fingerprint:
        raise StaleError(
            "the gallery was changed since it was planned to be deleted",
            where=change.address,
            why=f"it has {live.item_count} items, it had {planned_count}"
            if live.item_count != planned_count
            else "its name, its place or something in it is another",
            do="make a new plan and review it",
        )


async def _read_gallery(client: WixClient, gallery_id: str) -> LiveGallery | None:
    """The gallery with its items as it is now, None when it is gone."""
    try:
        return await read_items(client, await client.get_gallery(gallery_id))
    except NotFound:
        return None
