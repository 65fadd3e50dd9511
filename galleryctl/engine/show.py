"""The site as it is, with the keys of what is managed."""

from __future__ import annotations

from dataclasses import replace

from galleryctl.engine.importing.keys import SiteManifests, gallery_keys, item_keys
from galleryctl.engine.importing.select import find_gallery
from galleryctl.engine.refresh.fetch import read_galleries, read_items
from galleryctl.engine.site import Site
from galleryctl.engine.state.load import read_state
from galleryctl.model.errors import MatchError
from galleryctl.model.keyed import KeyedGallery, KeyedSite
from galleryctl.model.live import LiveItem
from galleryctl.plan.gallery import in_display_order


async def read_named_site(site: Site, site_manifests: SiteManifests) -> KeyedSite:
    """All galleries, without their items."""
    known = read_state(site)
    galleries = await read_galleries(site.client)
    keys = gallery_keys(site_manifests.desired, galleries, known.bindings)
    named = (KeyedGallery(gallery=gallery, key=keys.get(gallery.id)) for gallery in galleries)
    return KeyedSite(site_id=site.site_id, galleries=tuple(named))


async def read_named_gallery(site: Site, site_manifests: SiteManifests, text: str) -> KeyedSite:
    """The gallery with this key, id or name; or after a slash one of its items, by key or id.

    Raises MatchError when none or several fit.
    """
    known = read_state(site)
    galleries = await read_galleries(site.client)
    keys = gallery_keys(site_manifests.desired, galleries, known.bindings)
    name, _, item = text.partition("/")
    if any(text in (gallery.name, gallery.id) for gallery in galleries):
        name, item = text, ""  # a name may have a slash
    live = await read_items(site.client, find_gallery(galleries, keys, name))
    live = replace(live, items=tuple(in_display_order(live.items or (), site_manifests.item_order)))
    key = keys.get(live.id)
    of_items = await item_keys(site.client, site_manifests, key, live, known.bindings) if key else {}
    named = KeyedGallery(gallery=live, key=key, item_keys=of_items)
    shown = KeyedSite(site_id=site.site_id, galleries=(named,))
    return replace(shown, item=_find_item(named, item)) if item else shown


def _find_item(named: KeyedGallery, text: str) -> LiveItem:
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
