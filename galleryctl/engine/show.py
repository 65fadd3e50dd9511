"""Read the live site, with the keys of its managed resources."""

from __future__ import annotations

from dataclasses import replace

from galleryctl.engine.importing.keys import SiteManifests, gallery_keys, item_keys
from galleryctl.engine.importing.select import find_gallery
from galleryctl.engine.refresh.listing import read_galleries, read_items
from galleryctl.engine.site import Site
from galleryctl.engine.state.load import read_state
from galleryctl.model.command import command_line
from galleryctl.model.errors import MatchError
from galleryctl.model.keyed import KeyedGallery, KeyedSite
from galleryctl.model.live import LiveItem
from galleryctl.plan.ordering.display import in_display_order


async def read_named_site(site: Site, site_manifests: SiteManifests) -> KeyedSite:
    """Return all galleries, without their items."""
    bindings = read_state(site).bindings
    galleries = await read_galleries(site.client)
    keys = gallery_keys(site_manifests.desired, galleries, bindings)
    named = (KeyedGallery(gallery=gallery, key=keys.get(gallery.id)) for gallery in galleries)
    return KeyedSite(site_id=site.site_id, galleries=tuple(named))


async def read_named_gallery(site: Site, site_manifests: SiteManifests, text: str) -> KeyedSite:
    """Return the gallery with this key, id or name; or, for GALLERY/ITEM, one of its items by key or id.

    Raises MatchError unless exactly one fits.
    """
    bindings = read_state(site).bindings
    galleries = await read_galleries(site.client)
    keys = gallery_keys(site_manifests.desired, galleries, bindings)
    name, _, item = text.partition("/")
    if any(text in (gallery.name, gallery.id) for gallery in galleries):
        name, item = text, ""  # a name may contain a slash
    live = await read_items(site.client, find_gallery(galleries, keys, name))
    live = replace(live, items=tuple(in_display_order(live.items or (), site_manifests.item_order)))
    key = keys.get(live.id)
    keys_of_items = (await item_keys(site.client, site_manifests, key, live, bindings)).keys if key else {}
    named = KeyedGallery(gallery=live, key=key, item_keys=keys_of_items)
    return KeyedSite(site_id=site.site_id, galleries=(named,), item=_find_item(named, item) if item else None)


def _find_item(named: KeyedGallery, text: str) -> LiveItem:
    items = named.gallery.items or ()
    fits = [item for item in items if named.item_keys.get(item.id) == text] or [i for i in items if i.id == text]
    if fits:
        return fits[0]
    raise MatchError(
        f"gallery {named.key or named.gallery.name or named.gallery.id} has no item with the key or id {text!r}",
        do="see: " + command_line("show", named.key or named.gallery.id),
    )
