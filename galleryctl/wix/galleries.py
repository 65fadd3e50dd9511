"""The calls on galleries and their items."""

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
from galleryctl.wix.messages import JsonReply
from galleryctl.wix.transport import Transport

GALLERIES_PER_PAGE = 10
ITEMS_PER_PAGE = 100
DELETES_PER_CALL = 1000
"""The API's own limits (wix-api)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryPage:
    """One page of a site's galleries, without items, and how many galleries the site has."""

    total: int
    galleries: tuple[LiveGallery, ...]


class GalleryCalls:
    """Reads and writes galleries and items; every method raises ApiError."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list_galleries(self, offset: int, limit: int = GALLERIES_PER_PAGE) -> GalleryPage:
        """At most `limit` (up to 10) galleries from `offset` on, by created date."""
        # items are asked for apart: this answer cannot be paged by them
        params = {"limit": limit, "offset": offset, "itemLimit": 1}
        answer = await self._transport.request(endpoints.LIST_GALLERIES, params=params)
        galleries = tuple(_decode_gallery(raw, answer) for raw in _get_list(answer, "galleries"))
        total = as_count(answer.get("totalGalleries"))
        if total is None:
            raise answer.malformed("the answer does not say how many galleries there are")
        return GalleryPage(total=total, galleries=galleries)

    async def get_gallery(self, gallery_id: str) -> LiveGallery:
        """One gallery, without items."""
        answer = await self._transport.request(endpoints.GET_GALLERY, gallery_id, params={"itemLimit": 1})
        return _decode_gallery(answer.get("gallery"), answer)

    async def list_items(self, gallery_id: str, offset: int, limit: int = ITEMS_PER_PAGE) -> ItemPage:
        """At most `limit` (up to 100) items from `offset` on; their order is not settled, sort them."""
        params = {"itemOffset": offset, "itemLimit": limit}
        answer = await self._transport.request(endpoints.LIST_ITEMS, gallery_id, params=params)
        listed = _get_list(answer, "items")
        items = _decode_items(listed)
        return ItemPage(
            items=items, count=len(listed), unsupported_sort_orders=_unsupported_sort_orders(listed, items), raw=listed
        )

    async def create_gallery(self, name: str | None, sort_order: float, items: Sequence[NewItem] = ()) -> LiveGallery:
        """The new gallery, with the items that the answer holds (it may not hold all). AnswerLost: look for it."""
        gallery: dict[str, Json] = {"sortOrder": sort_order, **({"name": name} if name else {})}
        if items:
            gallery["items"] = [item_payload(item) for item in items]
        answer = await self._transport.request(endpoints.CREATE_GALLERY, json={"gallery": gallery})
        made = answer.get("gallery")
        return replace(_decode_gallery(made, answer), items=_decode_items(as_array(as_object(made).get("items"))))

    async def update_gallery(self, gallery_id: str, write: Fields) -> LiveGallery:
        """The gallery after its fields in `write` were changed."""
        body: JsonObject = {"gallery": {"id": gallery_id, **gallery_patch(write)}}
        answer = await self._transport.request(endpoints.UPDATE_GALLERY, gallery_id, json=body)
        return _decode_gallery(answer.get("gallery"), answer)

    async def delete_gallery(self, gallery_id: str) -> bool:
        """Whether there was a gallery to delete."""
        try:
            await self._transport.request(endpoints.DELETE_GALLERY, gallery_id)
        except NotFound:
            return False
        return True

    async def create_item(self, gallery_id: str, new: NewItem) -> LiveItem:
        """The new item. AnswerLost: look for its sort order."""
        body: JsonObject = {"item": item_payload(new)}
        return _decode_item(await self._transport.request(endpoints.CREATE_ITEM, gallery_id, json=body))

    async def update_item(
        self,
        gallery_id: str,
        live: LiveItem,
        write: Fields,
        file: ItemMedia = None,
        sort_order: float | None = None,
    ) -> LiveItem:
        """The item after its fields in `write`, its media and its place were changed, as far as they are given."""
        patch = item_patch(live, write, file, sort_order)
        if not patch:
            return live
        body: JsonObject = {"item": {"id": live.id, **patch}}
        return _decode_item(await self._transport.request(endpoints.UPDATE_ITEM, gallery_id, live.id, json=body))

    async def delete_items(self, gallery_id: str, ids: Sequence[str]) -> frozenset[str]:
        """The ids of the items that were deleted, 1000 a call; of a call that finds nothing, none."""
        deleted: set[str] = set()
        for start in range(0, len(ids), DELETES_PER_CALL):
            body: JsonObject = {"itemIds": list(ids[start : start + DELETES_PER_CALL])}
            with suppress(NotFound):
                answer = await self._transport.request(endpoints.DELETE_ITEMS, gallery_id, json=body)
                deleted.update(map(as_string, as_array(answer.get("itemIds"))))
        return frozenset(deleted)


def _get_list(reply: JsonReply, name: str) -> Sequence[Json]:
    """The array `name`; empty when it is left out, as the API may do with empty values."""
    value = reply.get(name)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise reply.malformed(f"{name} is not an array")
    return value


def _decode_gallery(raw: Json, reply: JsonReply) -> LiveGallery:
    gallery = decode_gallery(as_object(raw))
    if gallery is None:
        raise reply.malformed("the answer holds a gallery without an id")
    return gallery


def _decode_items(listed: Sequence[Json]) -> tuple[LiveItem, ...]:
    decoded = (decode_item(as_object(raw)) for raw in listed)
    return tuple(item for item in decoded if item is not None)


def _unsupported_sort_orders(listed: Sequence[Json], decoded: Sequence[LiveItem]) -> tuple[float, ...]:
    """The sort orders of what was listed and is not known."""
    if len(listed) == len(decoded):
        return ()
    ids = {item.id for item in decoded}
    orders = (decode_sort_order(raw) for raw in map(as_object, listed) if raw.get("id") not in ids)
    return tuple(order for order in orders if order is not None)


def _decode_item(reply: JsonReply) -> LiveItem:
    item = decode_item(as_object(reply.get("item")))
    if item is None:
        raise reply.malformed("the answer holds no item that this version knows")
    return item
