"""Create exactly once: a create whose answer was lost is looked up by its sort order before it is sent again.

Should the look-up miss it, because reads may lag behind writes, the second create is refused: its sort order is taken.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from galleryctl.engine.refresh.fetch import read_galleries, read_items
from galleryctl.engine.refresh.recover import (
    UnconfirmedCreate,
    content_markers,
    gallery_with_sort_order,
    has_any_marker,
    item_with_sort_order,
)
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.wix.client import WixClient
from galleryctl.wix.endpoints import CREATE_GALLERY
from galleryctl.wix.errors import ApiError, Conflict, ResponseLost
from galleryctl.wix.items import NewItem

_MAX_ATTEMPTS = 4
"""How often a create is sent whose answer keeps getting lost."""
_PAUSE = 2.0
"""Seconds between two looks for what a lost create made: reads lag behind writes for a few (wix-api)."""

_T = TypeVar("_T")


async def create_item_once(
    client: WixClient,
    gallery: LiveGallery,
    new: NewItem,
    *,
    known_ids: Collection[str],
    lookalike_orders: Collection[float],
    unconfirmed: UnconfirmedCreate | None = None,
) -> tuple[LiveItem, bool]:
    """The item that was made, now or by a try whose answer was lost, and whether it is as `new` says. Raises ApiError.

    `before` are the ids that the site or state had, or that this run made meanwhile; `twins` the sort orders of other
    items alike that this run makes. `lost` is a create of a broken-off run that no read shows: the item is sent with
    its sort order then, whichever run makes it.
    """
    sent = new if unconfirmed is None else replace(new, sort_order=unconfirmed.sort_order)
    wanted = {*content_markers(new.kind, new.file, new.fields), *(unconfirmed.markers if unconfirmed else ())}

    async def find() -> LiveItem | None:
        live = await read_items(client, await client.get_gallery(gallery.id))
        fresh = [item for item in live.items or () if item.id not in known_ids]
        return item_with_sort_order(fresh, sent.sort_order, wanted) or _moved_item(fresh, wanted, lookalike_orders)

    made, found = await _create_once(
        client, lambda: client.create_item(gallery.id, sent), find, maybe_sent=unconfirmed is not None
    )
    return made, unconfirmed is None or (not found and unconfirmed.sort_order == new.sort_order)


async def create_gallery_once(
    client: WixClient,
    name: str,
    sort_order: float,
    items: Sequence[NewItem],
    *,
    known_ids: Collection[str],
    unconfirmed: UnconfirmedCreate | None = None,
) -> LiveGallery:
    """The gallery that was made, read back with its items, whose ids only reading tells. Raises ApiError.

    `before` and `lost` as in `create_item`. A gallery that a broken-off run turns out to have made raises AnswerLost:
    what that run put into it is for the next plan to compare.
    """
    sent = sort_order if unconfirmed is None else unconfirmed.sort_order

    async def find() -> LiveGallery | None:
        return gallery_with_sort_order([g for g in await read_galleries(client) if g.id not in known_ids], sent)

    made, found = await _create_once(
        client, lambda: client.create_gallery(name, sent, items), find, maybe_sent=unconfirmed is not None
    )
    if found and unconfirmed is not None:
        raise ResponseLost(
            f"a run that was broken off had made gallery {made.id}",
            call=CREATE_GALLERY.name,
            do="run apply again: it compares what that run had put into it",
        )
    try:
        return await read_items(client, made)
    except GalleryctlError as error:
        raise ResponseLost(
            f"gallery {made.id} was made, but its items could not be read back: {error.what}",
            call=CREATE_GALLERY.name,
        ) from error


def _moved_item(
    new_items: Iterable[LiveItem], markers: Collection[str], lookalike_orders: Collection[float]
) -> LiveItem | None:
    """The item that was made and that somebody has moved since: alone to have a sign of it, and no twin."""
    strays = [
        item
        for item in new_items
        if markers and has_any_marker(item, markers) and item.sort_order not in lookalike_orders
    ]
    return strays[0] if len(strays) == 1 else None


async def _create_once(
    client: WixClient,
    create: Callable[[], Awaitable[_T]],
    find: Callable[[], Awaitable[_T | None]],
    *,
    maybe_sent: bool,
) -> tuple[_T, bool]:
    """What `create` made, and whether it was `find` that told; `tried` says that it may have been sent before."""
    trouble: ApiError | None = None
    for _ in range(_MAX_ATTEMPTS):
        try:
            return await create(), False
        except ResponseLost as error:
            trouble = error
        except Conflict as error:
            # Without a try before it, the value is taken by somebody else's new resource, not by ours.
            if trouble is None and not maybe_sent:
                raise
            trouble = trouble or error
        made = await _look_up(client, find, trouble)
        if made is not None:
            return made, True
    raise trouble or AssertionError("unreachable: only a lost answer or a conflict leads here")


async def _look_up(client: WixClient, find: Callable[[], Awaitable[_T | None]], cause: ApiError) -> _T | None:
    """What `find` finds, at the second look too: the first may lag behind. AnswerLost when it cannot look."""
    try:
        made = await find()
        if made is None:
            await client.sleep(_PAUSE)
            made = await find()
    except GalleryctlError as error:
        raise ResponseLost(
            f"{cause.what}; whether it is there could not be read: {error.what}", call=cause.call
        ) from error
    return made
