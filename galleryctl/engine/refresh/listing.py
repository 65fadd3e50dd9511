"""Read listings to their end: all galleries of a site, all items of a gallery; an incomplete listing is an error.

No count of the server is trusted: pages are requested a few at a time, each must have the entries that its place in the
listing says, and nothing is read beyond a limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

from galleryctl.engine.gather import gather_all
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.waiting import Waiting, WaitKind
from galleryctl.wix.client import WixClient
from galleryctl.wix.endpoints import LIST_GALLERIES, LIST_ITEMS
from galleryctl.wix.errors import NotFound
from galleryctl.wix.galleries import GALLERIES_PER_PAGE, ITEMS_PER_PAGE, GalleryPage
from galleryctl.wix.items import ItemPage
from galleryctl.wix.messages import ListingMemory, Request

MAX_GALLERIES = 10_000
"""The most galleries of a site."""
MAX_ITEMS = 50_000
"""The most items of a gallery that is read."""
_MAX_READS = 4
"""How often a listing is read before inconsistent pages are an error."""
_FIRST_PAUSE = 0.5
"""Seconds before the second read; doubled before each further one."""


class IncompleteListing(GalleryctlError):  # noqa: N818 - named for what it says
    """The pages of a listing were inconsistent in every attempt; a plan from it could delete or duplicate items."""


class ListingTooLong(GalleryctlError):  # noqa: N818 - named for what it says
    """A listing has more entries than are read."""


class _InconsistentPages(Exception):  # noqa: N818 - never leaves this module
    """The pages do not fit together: the listing changed while it was read, or the server's counts are wrong."""


async def read_galleries(client: WixClient) -> tuple[LiveGallery, ...]:
    """Return all galleries of the site, without items, in the API's order. Raises IncompleteListing, ListingTooLong."""
    for reading in range(_MAX_READS):
        if reading:
            await client.waits.pause(_before_reading(reading, "the list of galleries"))
        try:
            return await _read_gallery_pages(client)
        except _InconsistentPages:
            continue
    raise IncompleteListing(
        "the list of galleries changed while it was read",
        where=Request(endpoint=LIST_GALLERIES).call,
        why=f"its pages were inconsistent in each of {_MAX_READS} attempts",
        do="try again when nobody is editing the site",
    )


async def _read_gallery_pages(client: WixClient) -> tuple[LiveGallery, ...]:
    memory = ListingMemory()
    first = await client.list_galleries(0, memory=memory)
    if first.total > MAX_GALLERIES:
        what = f"the API announces {first.total:,} galleries; galleryctl reads at most {MAX_GALLERIES:,}"
        do = "check the site id and GALLERYCTL_API_URL"
        raise ListingTooLong(what, where=Request(endpoint=LIST_GALLERIES).call, do=do)

    def checked(page: GalleryPage, offset: int) -> GalleryPage:
        _check_count(len(page.galleries), GALLERIES_PER_PAGE, offset, first.total)
        return page

    async def read(offset: int) -> GalleryPage:
        return checked(await client.list_galleries(offset, memory=memory), offset)

    offsets = range(GALLERIES_PER_PAGE, first.total, GALLERIES_PER_PAGE)
    pages = [checked(first, 0), *await gather_all(map(read, offsets))]
    galleries = tuple(gallery for page in pages for gallery in page.galleries)
    if len({gallery.id for gallery in galleries}) < len(galleries):
        raise _InconsistentPages
    return galleries


async def read_items_of_galleries(
    client: WixClient, galleries: tuple[LiveGallery, ...], gallery_ids: AbstractSet[str]
) -> tuple[LiveGallery, ...]:
    """Return the same galleries, with the items of those in `gallery_ids`."""
    read = await gather_all(read_items(client, gallery) for gallery in galleries if gallery.id in gallery_ids)
    with_items: Mapping[str, LiveGallery] = {gallery.id: gallery for gallery in read}
    return tuple(with_items.get(gallery.id, gallery) for gallery in galleries)


async def read_items(client: WixClient, gallery: LiveGallery) -> LiveGallery:
    """Return `gallery` with all its items, sorted by sort order. Raises IncompleteListing, ListingTooLong."""
    gallery, pages = await read_item_pages(client, gallery)
    items = [item for page in pages for item in page.items]
    unsupported = tuple(order for page in pages for order in page.unsupported_sort_orders)
    return replace(gallery, items=tuple(sorted(items, key=_sort_key)), unsupported_sort_orders=unsupported)


def with_seen_galleries(
    before: tuple[LiveGallery, ...], now: tuple[LiveGallery, ...], known_ids: frozenset[str]
) -> tuple[LiveGallery, ...]:
    """Return a later reading, with the galleries of `known_ids`, those of state, that only the earlier one showed.

    A later reading may lag, too: what state has counts as missing only if no reading shows it.
    """
    shown = {gallery.id for gallery in now}
    return (*now, *(gallery for gallery in before if gallery.id in known_ids - shown))


def with_seen_items(before: LiveGallery, now: LiveGallery, *, known_ids: frozenset[str]) -> LiveGallery:
    """Return a later reading of a gallery, with the items that only the earlier one showed, as `with_seen_galleries`."""
    if before.items is None or now.items is None:
        return now
    shown = {item.id for item in now.items}
    seen = [item for item in before.items if item.id in known_ids - shown]
    return replace(now, items=tuple(sorted((*now.items, *seen), key=_sort_key))) if seen else now


async def read_item_pages(client: WixClient, gallery: LiveGallery) -> tuple[LiveGallery, tuple[ItemPage, ...]]:
    """Return consistent pages of all its items, and the gallery as it was then.

    Raises IncompleteListing, ListingTooLong.
    """
    for reading in range(_MAX_READS):
        try:
            if reading:
                await client.waits.pause(_before_reading(reading, f"the items of gallery {gallery.name or gallery.id}"))
                gallery = await client.get_gallery(gallery.id)
            return gallery, await _read_pages(client, gallery)
        except NotFound:
            # The gallery was just listed: this read may lag behind.
            if reading == _MAX_READS - 1:
                raise
        except _InconsistentPages:
            continue
    raise IncompleteListing(
        f"the items of gallery {gallery.name or gallery.id} changed while they were read",
        where=Request(endpoint=LIST_ITEMS, ids=(gallery.id,)).call,
        why=f"the gallery's item count did not match its pages in any of {_MAX_READS} attempts",
        do="try again when nobody is editing the gallery",
    )


def _before_reading(reading: int, listing: str) -> Waiting:
    """Return the pause before a further reading of a listing: 0.5 s, 1 s, 2 s."""
    return Waiting(
        kind=WaitKind.READS,
        what=f"{listing}, which changed while it was read, to settle",
        seconds=_FIRST_PAUSE * 2.0 ** (reading - 1),
        before=_FIRST_PAUSE * (2.0 ** (reading - 1) - 1),
    )


async def _read_pages(client: WixClient, gallery: LiveGallery) -> tuple[ItemPage, ...]:
    """Return the pages of the gallery: several at once if it has an item count, else one by one up to the first short one."""
    total, memory = gallery.total_items, ListingMemory()
    if total is None:
        pages = await _read_uncounted_pages(client, gallery, memory)
    else:
        _check_length(gallery, total)

        async def read(offset: int) -> ItemPage:
            page = await client.list_items(gallery.id, offset, memory=memory)
            _check_count(page.count, ITEMS_PER_PAGE, offset, total)
            return page

        pages = await gather_all(map(read, range(0, max(1, total), ITEMS_PER_PAGE)))
    ids = [item.id for page in pages for item in page.items]
    if len(set(ids)) < len(ids):
        raise _InconsistentPages
    return tuple(pages)


async def _read_uncounted_pages(client: WixClient, gallery: LiveGallery, memory: ListingMemory) -> list[ItemPage]:
    """Return the pages up to the first short one. If the API kept returning the same page, that would never come."""
    pages: list[ItemPage] = []
    seen: set[str] = set()
    while not pages or pages[-1].count == ITEMS_PER_PAGE:
        offset = len(pages) * ITEMS_PER_PAGE
        _check_length(gallery, offset)
        page = await client.list_items(gallery.id, offset, memory=memory)
        ids = {item.id for item in page.items}
        if not ids.isdisjoint(seen):
            raise _InconsistentPages
        seen |= ids
        pages.append(page)
    return pages


def _check_length(gallery: LiveGallery, items: int) -> None:
    if items > MAX_ITEMS:
        name = gallery.name or gallery.id
        what = f"gallery {name} has more than {MAX_ITEMS:,} items, the most that galleryctl reads"
        do = "divide the gallery, or remove it from the manifests and the state: it cannot be managed"
        raise ListingTooLong(what, where=Request(endpoint=LIST_ITEMS, ids=(gallery.id,)).call, do=do)


def _check_count(found: int, page_size: int, offset: int, total: int) -> None:
    """Raise _InconsistentPages unless the page at `offset` is full, or ends at `total`."""
    if found != max(0, min(page_size, total - offset)):
        raise _InconsistentPages


def _sort_key(item: LiveItem) -> tuple[bool, float, str]:
    return (item.sort_order is None, item.sort_order or 0.0, item.id)
