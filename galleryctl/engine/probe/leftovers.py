"""Find and delete what a probe has created."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from galleryctl.engine.probe.marks import MARK_PREFIX, is_mark, is_own_gallery, may_be_own
from galleryctl.engine.refresh.listing import read_galleries
from galleryctl.model.live import LiveGallery
from galleryctl.model.media import MediaFile
from galleryctl.wix import endpoints
from galleryctl.wix.client import WixClient
from galleryctl.wix.codec import as_array, as_object

_MOST_ITEMS = 100
"""A gallery with more items is not a probe's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftovers:
    """The galleries and files that probes have left on a site.

    `site_galleries` counts all galleries of the site; `foreign` are galleries that look like a probe's, but have items
    that no probe has created.
    """

    galleries: Sequence[LiveGallery] = ()
    files: Sequence[MediaFile] = ()
    foreign: Sequence[LiveGallery] = ()
    site_galleries: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The things to delete, as messages name them."""
        galleries = (f"gallery {gallery.name or 'without a name'} ({gallery.id})" for gallery in self.galleries)
        return (*galleries, *(f"file {file.display_name} ({file.id})" for file in self.files))


async def find_leftovers(client: WixClient) -> Leftovers:
    """Return what earlier probes have left. Raises ApiError."""
    files = [file for file in await client.find_by_label_prefix(MARK_PREFIX) if any(map(is_mark, file.labels))]
    ids = [file.id for file in files]
    galleries = await read_galleries(client)
    own, foreign = list[LiveGallery](), list[LiveGallery]()
    for gallery in galleries:
        if may_be_own(gallery.raw, ids):
            (own if await _is_own(client, gallery, ids) else foreign).append(gallery)
    return Leftovers(galleries=own, files=files, foreign=foreign, site_galleries=len(galleries))


async def _is_own(client: WixClient, gallery: LiveGallery, files: Sequence[str]) -> bool:
    if gallery.total_items is not None and gallery.total_items > _MOST_ITEMS:
        return False
    params = {"itemOffset": 0, "itemLimit": _MOST_ITEMS}
    reply = await client.send_raw(endpoints.LIST_ITEMS, gallery.id, params=params)
    items = [as_object(item) for item in as_array(reply.get("items"))]
    is_complete = gallery.total_items in (None, len(items))
    return is_complete and is_own_gallery(gallery.name, items, files)


async def delete_leftovers(client: WixClient, leftovers: Leftovers) -> None:
    """Delete the galleries, then the files, permanently. Raises ApiError."""
    for gallery in leftovers.galleries:
        await client.delete_gallery(gallery.id)
    if leftovers.files:
        await client.delete_files([file.id for file in leftovers.files], permanent=True)
