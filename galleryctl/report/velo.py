"""Velo code that shows a gallery created by the API: a backend module lists its items, page code shows them.

Values from a manifest or the site are inserted as JSON in ASCII.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from galleryctl.model.desired import DesiredGallery, ItemOrder
from galleryctl.model.media import HostedVideo, Kind
from galleryctl.model.variable_text import displayed
from galleryctl.report.formatting import shorten

_BACKEND_TEMPLATE = """\
// Written by `galleryctl velo {key}`: the items of the gallery {name}, for a gallery component.
import {{ Permissions, webMethod }} from "wix-web-module";
import {{ proGallery }} from "wix-pro-gallery-backend";

const GALLERY_ID = {id};
const PAGE = 100; // the API's limit for one page

export const galleryItems = webMethod(Permissions.Anyone, async () => {{
  const items = [];
  let page;
  do {{
    const response = await proGallery.listGalleryItems(GALLERY_ID, {{ itemOffset: items.length, itemLimit: PAGE }});
    page = Array.isArray(response) ? response : response.items;
    items.push(...page);
  }} while (page.length === PAGE);
  return items.sort(bySortOrder).filter(isShown).map(toComponentItem);
}});

const bySortOrder = (a, b) => {comparison};

// Text items break the component.
const isShown = (item) => Boolean(item.image || item.video);

const toComponentItem = (item) => ({{
  type: item.video ? "video" : "image",
  slug: item._id,
  src: item.video ? item.video.videoInfo : item.image.imageInfo,
  title: item.title,
  description: item.description,
  // Only the URL: an item whose link has a text is not shown.
  link: item.link ? item.link.url : undefined,
}});
"""
_PAGE_TEMPLATE = """\
// Written by `galleryctl velo {key}`: fills the gallery component {component} of this page.
import {{ galleryItems as loadItems }} from {module};

$w.onReady(async () => {{
  $w({component}).items = await loadItems();
}});
"""
_MAX_KEYS_LISTED = 5
"""Items that a warning lists; more are only counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VeloCode:
    """The backend module and the page code, with their paths in the site's code."""

    backend_path: str
    backend: str
    page_path: str
    page: str


def velo_code(gallery: DesiredGallery, gallery_id: str, *, component: str, item_order: ItemOrder) -> VeloCode:
    """Return the code for the gallery with this ID; `component` is the selector of the gallery component."""
    key = gallery.address.gallery
    module = f"backend/galleryctl-{key}.web"
    name = gallery.fields.get("name") or gallery.bind.name or key
    ascending = item_order is ItemOrder.ASCENDING
    return VeloCode(
        backend_path=f"{module}.js",
        backend=_BACKEND_TEMPLATE.format(
            key=key,
            name=json.dumps(displayed(name) if isinstance(name, str) else key),
            id=json.dumps(gallery_id),
            comparison="a.sortOrder - b.sortOrder" if ascending else "b.sortOrder - a.sortOrder",
        ),
        page_path=f"pages/{key}.js",
        page=_PAGE_TEMPLATE.format(key=key, component=json.dumps(component), module=json.dumps(module)),
    )


def velo_warnings(gallery: DesiredGallery) -> Iterator[str]:
    """Yield warnings about items that a component filled by code does not show as declared."""
    texts = [item.address.item or "" for item in gallery.items if item.kind is Kind.TEXT]
    if texts:
        yield f"text items break the component and are left out: {_list_keys(texts)}"
    linked = [item.address.item or "" for item in gallery.items if item.fields.get("link.text")]
    if linked:
        yield f"the component does not show link texts, so the code passes only the URL: {_list_keys(linked)}"
    hosted = [item.address.item or "" for item in gallery.items if isinstance(item.media, HostedVideo)]
    if hosted:
        yield f"the component plays videos of the Media Manager only, not of YouTube or Vimeo: {_list_keys(hosted)}"


def _list_keys(keys: list[str]) -> str:
    more = f" and {len(keys) - _MAX_KEYS_LISTED:,} more" if len(keys) > _MAX_KEYS_LISTED else ""
    return ", ".join(shorten(key, 60) for key in keys[:_MAX_KEYS_LISTED]) + more
