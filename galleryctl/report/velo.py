"""The code that shows a gallery made by the API: a backend module that lists its items, and a page that shows them.

Written for the modules that wix-api names; what comes from a manifest or a site stands in it as JSON, in ASCII.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from galleryctl.model.desired import DesiredGallery, ItemOrder
from galleryctl.model.media import HostedVideo, Kind
from galleryctl.report.formatting import shorten

_BACKEND_TEMPLATE = """\
// Written by `galleryctl velo {key}`: the items of the gallery {name}, as a gallery component takes them.
import {{ Permissions, webMethod }} from "wix-web-module";
import {{ proGallery }} from "wix-pro-gallery-backend";

const GALLERY_ID = {id};
const PAGE = 100; // as many as the API lists at once

export const galleryItems = webMethod(Permissions.Anyone, async () => {{
  const items = [];
  let page;
  do {{
    const answer = await proGallery.listGalleryItems(GALLERY_ID, {{ itemOffset: items.length, itemLimit: PAGE }});
    page = Array.isArray(answer) ? answer : answer.items;
    items.push(...page);
  }} while (page.length === PAGE);
  return items.sort(byPlace).filter(isShown).map(asShown);
}});

const byPlace = (a, b) => {place};

// A text would break the component.
const isShown = (item) => Boolean(item.image || item.video);

const asShown = (item) => ({{
  type: item.video ? "video" : "image",
  slug: item._id,
  src: item.video ? item.video.videoInfo : item.image.imageInfo,
  title: item.title,
  description: item.description,
  // The address alone: an item whose link has a text is not shown.
  link: item.link ? item.link.url : undefined,
}});
"""
_PAGE_TEMPLATE = """\
// Written by `galleryctl velo {key}`: fills the gallery component {component} of this page.
import {{ galleryItems as listed }} from {module};

$w.onReady(async () => {{
  $w({component}).items = await listed();
}});
"""
_MAX_KEYS_LISTED = 5
"""Items that a warning names before it only counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VeloCode:
    """The two pieces of code, and where each belongs, relative to the site's code."""

    backend_path: str
    backend: str
    page_path: str
    page: str


def velo_code(gallery: DesiredGallery, gallery_id: str, *, component: str, item_order: ItemOrder) -> VeloCode:
    """The code for the gallery with this id; `component` is the selector of the page's gallery component."""
    key = gallery.address.gallery
    module = f"backend/galleryctl-{key}.web"
    name = gallery.fields.get("name") or gallery.bind.name or key
    ascending = item_order is ItemOrder.ASCENDING
    return VeloCode(
        backend_path=f"{module}.js",
        backend=_BACKEND_TEMPLATE.format(
            key=key,
            name=json.dumps(name),
            id=json.dumps(gallery_id),
            place="a.sortOrder - b.sortOrder" if ascending else "b.sortOrder - a.sortOrder",
        ),
        page_path=f"pages/{key}.js",
        page=_PAGE_TEMPLATE.format(key=key, component=json.dumps(component), module=json.dumps(module)),
    )


def velo_warnings(gallery: DesiredGallery) -> Iterator[str]:
    """What a component that is filled by code does not show as the manifest has it."""
    texts = [item.address.item or "" for item in gallery.items if item.kind is Kind.TEXT]
    if texts:
        yield f"a text breaks the component, so the code leaves it out: {_list_keys(texts)}"
    linked = [item.address.item or "" for item in gallery.items if item.fields.get("link.text")]
    if linked:
        yield f"the text of a link is not shown, so the code passes its address only: {_list_keys(linked)}"
    hosted = [item.address.item or "" for item in gallery.items if isinstance(item.media, HostedVideo)]
    if hosted:
        yield f"a component plays videos of the Media Manager, by its documentation none of YouTube or Vimeo: {_list_keys(hosted)}"


def _list_keys(keys: list[str]) -> str:
    more = f" and {len(keys) - _MAX_KEYS_LISTED:,} more" if len(keys) > _MAX_KEYS_LISTED else ""
    return ", ".join(shorten(key, 60) for key in keys[:_MAX_KEYS_LISTED]) + more
