"""Read a site: every gallery, the items of the managed ones, whole or not at all (design, rules 2 and 10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from galleryctl.engine.recover import recover_galleries, recover_items
from galleryctl.engine.together import together
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.live import LiveGallery, LiveItem, SiteSnapshot
from galleryctl.plan.match import bind_galleries, unknown_files
from galleryctl.state.journal import Intent
from galleryctl.wix.client import WixClient
from galleryctl.wix.items import ItemPage

GALLERIES_PER_PAGE = 10
ITEMS_PER_PAGE = 100
READS = 4
"""How often a listing is read again before its shifting is an error."""


class IncompleteListing(GalleryctlError):  # noqa: N818 - named for what it says
    """The pages of a listing never fitted together; nothing is diffed against half a site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """The site, and the bindings with what a broken-off run had already made."""

    snapshot: SiteSnapshot
    bindings: Bindings


async def fetch(
    client: WixClient, site_id: str, desired: Desired, bindings: Bindings, pending: Iterable[Intent] = ()
) -> Fetched:
    """The site as `desired` needs it read.

    Requests: ceil(galleries/10) pages of galleries, max(1, ceil(items/100)) pages of each managed gallery, and
    descriptors only of files that state does not know. `pending` are the intents of a broken-off run: what they made
    is found by its sort order. Raises ApiError, IncompleteListing, MatchError.
    """
    intents = tuple(pending)
    galleries = await read_galleries(client)
    bindings = recover_galleries(bindings, intents, galleries)
    pairs = bind_galleries(desired, galleries, bindings)
    managed = {gallery.id for gallery in pairs.live.values()}
    galleries = await read_items_of(client, galleries, managed)
    bindings = recover_items(bindings, intents, galleries)
    snapshot = SiteSnapshot(site_id=site_id, galleries=galleries)
    unknown = unknown_files(desired, snapshot, bindings)
    if unknown:
        files = await client.get_files(unknown)
        snapshot = replace(snapshot, files={file.id: file for file in files})
    return Fetched(snapshot=snapshot, bindings=bindings)


async def read_galleries(client: WixClient) -> tuple[LiveGallery, ...]:
    """Every gallery of the site, without items, in the API's order; read again while the pages shift."""
    for _ in range(READS):
        first = await client.list_galleries(0, GALLERIES_PER_PAGE)
        rest = await together(
            client.list_galleries(offset, GALLERIES_PER_PAGE)
            for offset in range(GALLERIES_PER_PAGE, first.total, GALLERIES_PER_PAGE)
        )
        galleries = [gallery for page in (first, *rest) for gallery in page.galleries]
        if len({gallery.id for gallery in galleries}) == len(galleries) == first.total:
            return tuple(galleries)
    raise IncompleteListing(
        "the list of galleries changed while it was read",
        why=f"{READS} readings, and no two pages of one fitted together",
        do="try again when nobody is editing the site",
    )


async def read_items_of(
    client: WixClient, galleries: tuple[LiveGallery, ...], managed: set[str]
) -> tuple[LiveGallery, ...]:
    """The same galleries, those whose id is in `managed` with their items."""
    read = await together(read_items(client, gallery) for gallery in galleries if gallery.id in managed)
    with_items: Mapping[str, LiveGallery] = {gallery.id: gallery for gallery in read}
    return tuple(with_items.get(gallery.id, gallery) for gallery in galleries)


async def read_items(client: WixClient, gallery: LiveGallery) -> LiveGallery:
    """`gallery` with all its items, sorted by sort order; read again while they shift."""
    for reading in range(READS):
        if reading:
            gallery = await client.get_gallery(gallery.id)
        pages = await _item_pages(client, gallery)
        items = [item for page in pages for item in page.items]
        count = sum(page.count for page in pages)
        if len({item.id for item in items}) == len(items) and gallery.total_items in (None, count):
            return replace(gallery, items=tuple(sorted(items, key=_by_sort_order)))
    raise IncompleteListing(
        f"the items of gallery {gallery.name or gallery.id} changed while they were read",
        where=gallery.id,
        why=f"{READS} readings, and the gallery's count never agreed with its pages",
        do="try again when nobody is editing the gallery",
    )


async def _item_pages(client: WixClient, gallery: LiveGallery) -> list[ItemPage]:
    """The pages that the gallery's count asks for, together; without a count one by one, to the first short one."""
    if gallery.total_items is not None:
        offsets = range(0, max(1, gallery.total_items), ITEMS_PER_PAGE)
        return await together(client.list_items(gallery.id, offset, ITEMS_PER_PAGE) for offset in offsets)
    pages: list[ItemPage] = []
    while not pages or pages[-1].count == ITEMS_PER_PAGE:
        pages.append(await client.list_items(gallery.id, len(pages) * ITEMS_PER_PAGE, ITEMS_PER_PAGE))
    return pages


def _by_sort_order(item: LiveItem) -> tuple[bool, float, str]:
    return (item.sort_order is None, item.sort_order or 0.0, item.id)
