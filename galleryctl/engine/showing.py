"""The site as it is, with the keys of what is managed."""

from __future__ import annotations

from dataclasses import replace

from galleryctl.engine.choosing import find_gallery
from galleryctl.engine.fetch import read_galleries, read_items
from galleryctl.engine.naming import Shelf, gallery_keys, item_keys
from galleryctl.engine.settled import remembered
from galleryctl.engine.site import Site
from galleryctl.model.errors import MatchError
from galleryctl.model.live import LiveItem
from galleryctl.model.named import KeyedGallery, KeyedSite
from galleryctl.plan.gallery import in_display_order


async def show_site(site: Site, shelf: Shelf) -> KeyedSite:
    """All galleries, without their items."""
    known = remembered(site)
    galleries = await read_galleries(site.client)
    keys = gallery_keys(shelf.desired, galleries, known.bindings)
    named = (KeyedGallery(gallery=gallery, key=keys.get(gallery.id)) for gallery in galleries)
    return KeyedSite(site_id=site.site_id, galleries=tuple(named))


async def show_gallery(site: Site, shelf: Shelf, text: str) -> KeyedSite:
    """The gallery with this key, id or name; or after a slash one of its items, by key or id.

    Raises MatchError when none or several fit.
    """
    known = remembered(site)
    galleries = await read_galleries(site.client)
    keys = gallery_keys(shelf.desired, galleries, known.bindings)
    name, _, item = text.partition("/")
    if any(text in (gallery.name, gallery.id) for gallery in galleries):
        name, item = text, ""  # a name may have a slash
    live = await read_items(site.client, find_gallery(galleries, keys, name))
    live = replace(live, items=tuple(in_display_order(live.items or (), shelf.item_order)))
    key = keys.get(live.id)
    of_items = await item_keys(site.client, shelf, key, live, known.bindings) if key else {}
    named = KeyedGallery(gallery=live, key=key, item_keys=of_items)
    shown = KeyedSite(site_id=site.site_id, galleries=(named,))
    return replace(shown, item=_item(named, item)) if item else shown


def _item(named: KeyedGallery, text: str) -> LiveItem:
    items = named.gallery.items or ()
    for item in items:
        if named.item_keys.get(item.id) == text:
            return item
    for item in items:
        if item.id == text:
            return item
    raise MatchError(
        f"gallery {named.key or named.gallery.name or named.gallery.id} has no item with the key or id {text!r}",
        do=f"see: galleryctl show {named.key or named.gallery.id}",
    )
