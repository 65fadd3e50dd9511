"""Read a site: every gallery, the items of the managed ones, whole or not at all (design, rules 2 and 10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from galleryctl.engine.gather import gather_all
from galleryctl.engine.refresh.recover import (
    UnconfirmedCreate,
    recover_deletes,
    recover_galleries,
    recover_items,
    unconfirmed_creates,
)
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.live import LiveGallery, LiveItem, SiteSnapshot
from galleryctl.plan.matching.match import files_to_look_up, match_galleries
from galleryctl.plan.matching.moved import apply_moved
from galleryctl.state.journal_records import Intent
from galleryctl.wix.client import WixClient
from galleryctl.wix.errors import NotFound
from galleryctl.wix.items import ItemPage

_GALLERIES_PER_PAGE = 10
_ITEMS_PER_PAGE = 100
_MAX_READS = 4
"""How often a listing is read again before its shifting is an error."""
_FIRST_PAUSE = 0.5
"""Seconds before it is read the second time, doubling."""
READ_LAG = 5.0
"""Seconds after which every read shows a write; the vendor's words are "a few seconds" (wix-api)."""
_MAX_RECHECKS = 3
"""How often what state knows is looked for in those seconds before it counts as gone."""


class IncompleteListing(GalleryctlError):  # noqa: N818 - named for what it says
    """The pages of a listing never fitted together; nothing is diffed against half a site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedSite:
    """The site, and the bindings with what a broken-off run had already made.

    `lost` has what that run may have made and no read shows (see `recover.lost_creates`).
    """

    snapshot: SiteSnapshot
    bindings: Bindings
    unconfirmed: Mapping[Address, UnconfirmedCreate] = field(default_factory=dict)


async def fetch_site(
    client: WixClient,
    site_id: str,
    desired: Desired,
    bindings: Bindings,
    pending: Iterable[Intent] = (),
    *,
    read_lag: float = READ_LAG,
) -> FetchedSite:
    """The site as `desired` needs it read.

    Requests: ceil(galleries/10) pages of galleries, max(1, ceil(items/100)) pages of each gallery that is managed, or
    was and is to go, and descriptors only of files that state does not know. What state knows and the site does not
    show is looked for again for `settled` seconds, for reads may lag behind writes: taken for gone, it would be made a
    second time. `pending` are the intents of a broken-off run: what they made is found by its sort order. Raises
    ApiError, IncompleteListing, MatchError.
    """
    intents = tuple(pending)
    looks = _MAX_RECHECKS if read_lag else 0
    galleries = await read_galleries(client)
    for _ in range(looks):
        if not _has_missing_galleries(desired, bindings, galleries):
            break
        await client.sleep(read_lag / looks)
        galleries = await read_galleries(client)
    bindings = recover_galleries(bindings, intents, galleries)
    pairs = match_galleries(desired, galleries, bindings)
    managed = {gallery.id for gallery in pairs.live.values()}
    # A gallery that no manifest names any more goes with all that is in it: that must be known, too.
    managed |= {id_ for address, id_ in bindings.ids.items() if address.item is None}
    galleries = await read_items_of_galleries(client, galleries, managed)
    for _ in range(looks):
        doubtful = _galleries_missing_items(desired, bindings, galleries)
        if not doubtful:
            break
        await client.sleep(read_lag / looks)
        galleries = await read_items_of_galleries(client, galleries, doubtful)
    lost = unconfirmed_creates(intents, galleries)
    bindings = recover_deletes(recover_items(bindings, intents, galleries), intents, galleries)
    bindings = _drop_deleted(bindings, galleries)
    snapshot = SiteSnapshot(site_id=site_id, galleries=galleries)
    unknown = files_to_look_up(desired, snapshot, bindings)
    if unknown:
        files = await client.get_files(unknown)
        snapshot = replace(snapshot, files={file.id: file for file in files})
    return FetchedSite(snapshot=snapshot, bindings=bindings, unconfirmed=lost)


def _has_missing_galleries(desired: Desired, bindings: Bindings, galleries: Iterable[LiveGallery]) -> bool:
    """Whether the site lacks a gallery that a manifest names and state knows."""
    ids = apply_moved(desired, bindings).state.ids
    known = {ids[wanted.address] for wanted in desired.galleries if wanted.address in ids}
    return not known <= {gallery.id for gallery in galleries}


def _galleries_missing_items(desired: Desired, bindings: Bindings, galleries: Iterable[LiveGallery]) -> set[str]:
    """The ids of the galleries that lack an item that a manifest names and state knows."""
    ids = apply_moved(desired, bindings).state.ids
    live = {g.id: {item.id for item in g.items} for g in galleries if g.items is not None}
    lacking: set[str] = set()
    for wanted in desired.galleries:
        id_ = ids.get(wanted.address, "")
        known = {ids[item.address] for item in wanted.items if item.address in ids}
        if id_ in live and not known <= live[id_]:
            lacking.add(id_)
    return lacking


def _drop_deleted(bindings: Bindings, galleries: Iterable[LiveGallery]) -> Bindings:
    """`bindings` without the replaced items that are deleted already: a broken-off run may not have heard of it."""
    read = {gallery.id: gallery.items for gallery in galleries if gallery.items is not None}
    live = {item.id for items in read.values() for item in items}
    deposed = {
        id_: address
        for id_, address in bindings.deposed.items()
        if id_ in live or bindings.ids.get(address.parent) not in read
    }
    return replace(bindings, deposed=deposed)


async def read_galleries(client: WixClient) -> tuple[LiveGallery, ...]:
    """Every gallery of the site, without items, in the API's order; read again while the pages shift."""
    for reading in range(_MAX_READS):
        if reading:
            await client.sleep(_backoff(reading))
        first = await client.list_galleries(0, _GALLERIES_PER_PAGE)
        rest = await gather_all(
            client.list_galleries(offset, _GALLERIES_PER_PAGE)
            for offset in range(_GALLERIES_PER_PAGE, first.total, _GALLERIES_PER_PAGE)
        )
        galleries = [gallery for page in (first, *rest) for gallery in page.galleries]
        if len({gallery.id for gallery in galleries}) == len(galleries) == first.total:
            return tuple(galleries)
    raise IncompleteListing(
        "the list of galleries changed while it was read",
        why=f"{_MAX_READS} readings, and no two pages of one fitted together",
        do="try again when nobody is editing the site",
    )


async def read_items_of_galleries(
    client: WixClient, galleries: tuple[LiveGallery, ...], gallery_ids: set[str]
) -> tuple[LiveGallery, ...]:
    """The same galleries, those whose id is in `managed` with their items."""
    read = await gather_all(read_items(client, gallery) for gallery in galleries if gallery.id in gallery_ids)
    with_items: Mapping[str, LiveGallery] = {gallery.id: gallery for gallery in read}
    return tuple(with_items.get(gallery.id, gallery) for gallery in galleries)


async def read_items(client: WixClient, gallery: LiveGallery) -> LiveGallery:
    """`gallery` with all its items, sorted by sort order; read again while they shift."""
    gallery, pages = await read_item_pages(client, gallery)
    items = [item for page in pages for item in page.items]
    foreign = tuple(order for page in pages for order in page.unsupported_sort_orders)
    return replace(gallery, items=tuple(sorted(items, key=_sort_key)), unsupported_sort_orders=foreign)


async def read_item_pages(client: WixClient, gallery: LiveGallery) -> tuple[LiveGallery, tuple[ItemPage, ...]]:
    """The pages of all its items, which fit together, and the gallery as it was then."""
    for reading in range(_MAX_READS):
        try:
            if reading:
                await client.sleep(_backoff(reading))
                gallery = await client.get_gallery(gallery.id)
            pages = await _read_pages(client, gallery)
        except NotFound:
            # It has just been listed: a read that lags behind may not know it yet.
            if reading < _MAX_READS - 1:
                continue
            raise
        items = [item for page in pages for item in page.items]
        count = sum(page.count for page in pages)
        if len({item.id for item in items}) == len(items) and gallery.total_items in (None, count):
            return gallery, tuple(pages)
    raise IncompleteListing(
        f"the items of gallery {gallery.name or gallery.id} changed while they were read",
        where=gallery.id,
        why=f"{_MAX_READS} readings, and the gallery's count never agreed with its pages",
        do="try again when nobody is editing the gallery",
    )


def _backoff(reading: int) -> float:
    """Seconds to wait before that reading."""
    return _FIRST_PAUSE * 2.0 ** (reading - 1)


async def _read_pages(client: WixClient, gallery: LiveGallery) -> list[ItemPage]:
    """The pages that the gallery's count asks for, together; without a count one by one, to the first short one.

    One that repeats an item is the last: an API that answers the same page forever would be read forever.
    """
    if gallery.total_items is not None:
        offsets = range(0, max(1, gallery.total_items), _ITEMS_PER_PAGE)
        return await gather_all(client.list_items(gallery.id, offset, _ITEMS_PER_PAGE) for offset in offsets)
    pages: list[ItemPage] = []
    seen: set[str] = set()
    repeats = False
    while not pages or (pages[-1].count == _ITEMS_PER_PAGE and not repeats):
        page = await client.list_items(gallery.id, len(pages) * _ITEMS_PER_PAGE, _ITEMS_PER_PAGE)
        ids = {item.id for item in page.items}
        repeats = not ids.isdisjoint(seen)
        seen |= ids
        pages.append(page)
    return pages


def _sort_key(item: LiveItem) -> tuple[bool, float, str]:
    return (item.sort_order is None, item.sort_order or 0.0, item.id)
