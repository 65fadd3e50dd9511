"""Create exactly once: a create whose answer was lost is looked up by its sort order before it is sent again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from galleryctl.engine.fetch import read_galleries, read_items
from galleryctl.engine.recover import gallery_at, item_at
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.wix.client import WixClient
from galleryctl.wix.errors import AnswerLost, Conflict
from galleryctl.wix.items import NewItem

TRIES = 4
"""How often a create is sent whose answer keeps getting lost."""

T = TypeVar("T")


async def create_item(client: WixClient, gallery: LiveGallery, new: NewItem) -> LiveItem:
    """The item that was made, now or by a try whose answer was lost. Raises ApiError."""

    async def find() -> LiveItem | None:
        live = await read_items(client, await client.get_gallery(gallery.id))
        return item_at(live.items or (), new.sort_order)

    return await _once(lambda: client.create_item(gallery.id, new), find)


async def create_gallery(
    client: WixClient, name: str, sort_order: float, items: Sequence[NewItem]
) -> LiveGallery:
    """The gallery that was made, read back with its items, whose ids only reading tells. Raises ApiError."""

    async def find() -> LiveGallery | None:
        return gallery_at(await read_galleries(client), sort_order)

    made = await _once(lambda: client.create_gallery(name, sort_order, items), find)
    return await read_items(client, made)


async def _once(create: Callable[[], Awaitable[T]], find: Callable[[], Awaitable[T | None]]) -> T:
    lost: AnswerLost | None = None
    for _ in range(TRIES):
        try:
            return await create()
        except AnswerLost as error:
            lost = error
        except Conflict:
            # Without a lost try before it, the value is taken by somebody else's new resource, not by ours.
            if lost is None:
                raise
        made = await find()
        if made is not None:
            return made
    raise lost or AssertionError("unreachable: only a lost answer leads here")
