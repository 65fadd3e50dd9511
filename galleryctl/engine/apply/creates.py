"""Create each resource exactly once, even if the response to a create is lost.

After a lost response the resource is looked up by its sort order before the create is sent again. If the look-up misses
it, because reads may lag behind writes, the API rejects the second create: its sort order is taken.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from typing import TypeVar

from galleryctl.engine.refresh.fetch import read_galleries, read_items
from galleryctl.engine.refresh.recover import (
    UnconfirmedCreate,
    content_markers,
    item_with_sort_order,
    only_marked_item,
    with_sort_order,
)
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.wix.client import WixClient
from galleryctl.wix.endpoints import CREATE_GALLERY
from galleryctl.wix.errors import ApiError, Conflict, ResponseLost
from galleryctl.wix.items import NewItem

_MAX_ATTEMPTS = 4
"""How often a create is sent if its response is lost each time."""
_PAUSE = 2.0
"""Seconds between two look-ups of a create: reads may lag behind writes by a few seconds."""

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
    """Create the item, or find it if an earlier attempt created it; return it, and True if it matches `new`.

    `known_ids` are the ids that the site or state had before, or that this run created; `lookalike_orders` are the sort
    orders of other items with the same content that this run creates. `unconfirmed` is a create of an interrupted run
    that no read shows: the item is sent with that sort order. Raises ApiError.
    """
    sent = new if unconfirmed is None else replace(new, sort_order=unconfirmed.sort_order)
    markers = {*content_markers(new.kind, new.file, new.fields), *(unconfirmed.markers if unconfirmed else ())}

    async def find() -> LiveItem | None:
        live = await read_items(client, await client.get_gallery(gallery.id))
        new_items = [item for item in live.items or () if item.id not in known_ids]
        moved = (item for item in new_items if item.sort_order not in lookalike_orders)
        return item_with_sort_order(new_items, sent.sort_order, markers) or only_marked_item(moved, markers)

    item, found = await _create_once(
        client, lambda: client.create_item(gallery.id, sent), find, maybe_sent=unconfirmed is not None
    )
    return item, unconfirmed is None or (not found and unconfirmed.sort_order == new.sort_order)


async def create_gallery_once(
    client: WixClient,
    name: str,
    sort_order: float,
    items: Sequence[NewItem],
    *,
    known_ids: Collection[str],
    unconfirmed: UnconfirmedCreate | None = None,
) -> LiveGallery:
    """Create the gallery and return it as read back: only a read returns the ids of its items. Raises ApiError.

    `known_ids` and `unconfirmed` are as in `create_item_once`. Raises ResponseLost if an interrupted run created the
    gallery: only the next plan can compare its items.
    """
    sent = sort_order if unconfirmed is None else unconfirmed.sort_order

    async def find() -> LiveGallery | None:
        return with_sort_order([g for g in await read_galleries(client) if g.id not in known_ids], sent)

    gallery, found = await _create_once(
        client, lambda: client.create_gallery(name, sent, items), find, maybe_sent=unconfirmed is not None
    )
    if found and unconfirmed is not None:
        raise ResponseLost(
            f"an interrupted run already created gallery {gallery.id}",
            call=CREATE_GALLERY.name,
            do="apply again: the new plan compares its items",
        )
    try:
        return await read_items(client, gallery)
    except GalleryctlError as error:
        message = f"gallery {gallery.id} was created, but its items could not be read back: {error.what}"
        raise ResponseLost(message, call=CREATE_GALLERY.name) from error


async def _create_once(
    client: WixClient,
    create: Callable[[], Awaitable[_T]],
    find: Callable[[], Awaitable[_T | None]],
    *,
    maybe_sent: bool,
) -> tuple[_T, bool]:
    """Return the created resource, and True if `find` found it; `maybe_sent`: an earlier run may have sent it."""
    failure: ApiError | None = None
    for _ in range(_MAX_ATTEMPTS):
        try:
            return await create(), False
        except ResponseLost as error:
            failure = error
        except Conflict as error:
            # On the first attempt, the sort order belongs to a resource that someone else created.
            if failure is None and not maybe_sent:
                raise
            failure = failure or error
        if (resource := await _look_up(client, find, failure)) is not None:
            return resource, True
    raise failure or AssertionError("unreachable: only a lost response or a conflict gets here")


async def _look_up(client: WixClient, find: Callable[[], Awaitable[_T | None]], cause: ApiError) -> _T | None:
    """Return the result of `find`, called twice because a read may lag. Raises ResponseLost if it fails."""
    try:
        resource = await find()
        if resource is None:
            await client.sleep(_PAUSE)
            resource = await find()
    except GalleryctlError as error:
        raise ResponseLost(f"{cause.what}; looking it up failed, too: {error.what}", call=cause.call) from error
    return resource
