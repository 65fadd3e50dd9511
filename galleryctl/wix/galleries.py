"""The requests for galleries and their items."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from galleryctl.model.fields import Fields, Json
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.wix import endpoints
from galleryctl.wix.codec import (
    JsonObject,
    as_array,
    as_count,
    as_object,
    as_string,
    decode_gallery,
    decode_sort_order,
    gallery_patch,
)
from galleryctl.wix.errors import NotFound
from galleryctl.wix.items import ItemMedia, ItemPage, NewItem, decode_item, item_patch, item_payload
from galleryctl.wix.messages import JsonReply, ListingMemory
from galleryctl.wix.transport import Transport

GALLERIES_PER_PAGE = 10
ITEMS_PER_PAGE = 100
DELETES_PER_CALL = 1000
"""The API's limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryPage:
    """One page of a site's galleries, without items; `total` counts all galleries of the site."""

    total: int
    galleries: tuple[LiveGallery, ...]


class GalleryCalls:
    """Reads and writes galleries and items; every method raises ApiError."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list_galleries(
        self, offset: int, limit: int = GALLERIES_PER_PAGE, *, memory: ListingMemory | None = None
    ) -> GalleryPage:
        """Return at most `limit` (up to 10) galleries from `offset` on, by creation date; `memory` is of all pages."""
        # items are read by list_items: this endpoint cannot page through them
        params = {"limit": limit, "offset": offset, "itemLimit": 1}
        reply = await self._transport.request(endpoints.LIST_GALLERIES, params=params)
        galleries = tuple(_decode_gallery(raw, reply) for raw in _get_page(reply, "galleries", limit, memory))
        total = as_count(reply.get("totalGalleries"))
        if total is None:
            raise reply.malformed("the response has no valid totalGalleries")
        return GalleryPage(total=total, galleries=galleries)

    async def get_gallery(self, gallery_id: str) -> LiveGallery:
        """Return one gallery, without items."""
        reply = await self._transport.request(endpoints.GET_GALLERY, gallery_id, params={"itemLimit": 1})
        return _decode_gallery(reply.get("gallery"), reply)

    async def list_items(
        self, gallery_id: str, offset: int, limit: int = ITEMS_PER_PAGE, *, memory: ListingMemory | None = None
    ) -> ItemPage:
        """Return at most `limit` (up to 100) items from `offset` on; the API does not guarantee their order.

        `memory` is of all pages.
        """
        params = {"itemOffset": offset, "itemLimit": limit}
        reply = await self._transport.request(endpoints.LIST_ITEMS, gallery_id, params=params)
        raw = _get_page(reply, "items", limit, memory)
        items = _decode_items(raw)
        unsupported = _unsupported_sort_orders(raw, items)
        return ItemPage(items=items, count=len(raw), unsupported_sort_orders=unsupported, raw=raw)

    async def create_gallery(self, name: str | None, sort_order: float, items: Sequence[NewItem] = ()) -> LiveGallery:
        """Create a gallery and return it with the items in the response, which may not be all.

        After ResponseLost, look for the gallery by its sort order before creating it again.
        """
        gallery: dict[str, Json] = {"sortOrder": sort_order, **({"name": name} if name else {})}
        if items:
            gallery["items"] = [item_payload(item) for item in items]
        reply = await self._transport.request(endpoints.CREATE_GALLERY, json={"gallery": gallery})
        raw = reply.get("gallery")
        return replace(_decode_gallery(raw, reply), items=_decode_items(as_array(as_object(raw).get("items"))))

    async def update_gallery(self, gallery_id: str, write: Fields) -> LiveGallery:
        """Update the fields in `write` and return the gallery."""
        body: JsonObject = {"gallery": {"id": gallery_id, **gallery_patch(write)}}
        reply = await self._transport.request(endpoints.UPDATE_GALLERY, gallery_id, json=body)
        return _decode_gallery(reply.get("gallery"), reply)

    async def delete_gallery(self, gallery_id: str) -> bool:
        """Delete a gallery; return False if it did not exist."""
        try:
            await self._transport.request(endpoints.DELETE_GALLERY, gallery_id)
        except NotFound:
            return False
        return True

    async def create_item(self, gallery_id: str, new: NewItem) -> LiveItem:
        """Create an item and return it; after ResponseLost, look for it by its sort order first."""
        body: JsonObject = {"item": item_payload(new)}
        return _decode_item(await self._transport.request(endpoints.CREATE_ITEM, gallery_id, json=body))

    async def update_item(
        self, gallery_id: str, live: LiveItem, write: Fields, file: ItemMedia = None, sort_order: float | None = None
    ) -> LiveItem:
        """Update the fields in `write` and, if given, the media and the sort order; return the item."""
        patch = item_patch(live, write, file, sort_order)
        if not patch:
            return live
        body: JsonObject = {"item": {"id": live.id, **patch}}
        return _decode_item(await self._transport.request(endpoints.UPDATE_ITEM, gallery_id, live.id, json=body))

    async def delete_items(self, gallery_id: str, ids: Sequence[str]) -> frozenset[str]:
        """Delete items, 1000 per request, and return the ids of those that existed."""
        deleted: set[str] = set()
        for start in range(0, len(ids), DELETES_PER_CALL):
            body: JsonObject = {"itemIds": list(ids[start : start + DELETES_PER_CALL])}
            with suppress(NotFound):
                reply = await self._transport.request(endpoints.DELETE_ITEMS, gallery_id, json=body)
                deleted.update(map(as_string, as_array(reply.get("itemIds"))))
        return frozenset(deleted)


def _get_page(reply: JsonReply, name: str, limit: int, memory: ListingMemory | None) -> Sequence[Json]:
    """Return the array `name` of a page with at most `limit` entries, empty if the API leaves it out."""
    value = reply.get(name)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise reply.malformed(f"{name} in the response is not an array")
    if len(value) > limit:
        raise reply.malformed(f"the response has {len(value):,} {name}, and {limit} were requested")
    if memory is not None:
        memory.take(reply)
    return value


def _decode_gallery(raw: Json, reply: JsonReply) -> LiveGallery:
    gallery = decode_gallery(as_object(raw))
    if gallery is None:
        raise reply.malformed("the response has a gallery without an id")
    return gallery


def _decode_items(raw: Sequence[Json]) -> tuple[LiveItem, ...]:
    decoded = (decode_item(as_object(item)) for item in raw)
    return tuple(item for item in decoded if item is not None)


def _unsupported_sort_orders(raw: Sequence[Json], decoded: Sequence[LiveItem]) -> tuple[float, ...]:
    """Return the sort orders of the items that were not decoded."""
    if len(raw) == len(decoded):
        return ()
    ids = {item.id for item in decoded}
    orders = (decode_sort_order(item) for item in map(as_object, raw) if item.get("id") not in ids)
    return tuple(order for order in orders if order is not None)


def _decode_item(reply: JsonReply) -> LiveItem:
    item = decode_item(as_object(reply.get("item")))
    if item is None:
        raise reply.malformed("the response has no item of a supported kind")
    return item
