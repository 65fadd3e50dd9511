"""The live site as text, Markdown and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from galleryctl.model.fields import Json, manifest_name
from galleryctl.model.keyed import KeyedGallery, KeyedSite
from galleryctl.model.live import LiveItem
from galleryctl.model.media import HostedVideo, WixFile
from galleryctl.model.variable_text import displayed
from galleryctl.report.formatting import escape_control, format_value, pluralize, shorten
from galleryctl.report.json import dump_safe_json
from galleryctl.report.markdown_text import escape_markdown
from galleryctl.report.text import render_table

_UNMANAGED = "unmanaged"
_MAX_CELL_LENGTH = 60
"""Characters of a cell."""


def live_text(site: KeyedSite, *, color: bool, width: int) -> str:
    """Return a table of galleries, a table of the items of one gallery, or the fields of one item."""
    if site.item is not None:
        return "".join(f"{line}\n" for line in _item_lines(site.galleries[0], site.item))
    title, head, rows = _table(site)
    return render_table(title, head, rows, color=color, width=width)


def live_markdown(site: KeyedSite) -> str:
    """Return the tables of `live_text` in Markdown."""
    if site.item is not None:
        return "".join(f"    {line}\n" for line in _item_lines(site.galleries[0], site.item))
    title, head, rows = _table(site)
    lines = (f"| {' | '.join(escape_markdown(part) for part in row)} |" for row in rows)
    return "\n".join(
        [f"**{escape_markdown(title)}**", "", f"| {' | '.join(head)} |", "|---" * len(head) + "|", *lines, ""]
    )


def live_json(site: KeyedSite) -> str:
    """Return the document that `live.schema.json` describes."""
    galleries = [_gallery_document(named, site.item) for named in site.galleries]
    return dump_safe_json(
        {"kind": "live", "format_version": 1, "site_id": displayed(site.site_id), "galleries": galleries}
    )


def _table(site: KeyedSite) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
    if len(site.galleries) == 1 and site.galleries[0].gallery.items is not None:
        return _items_table(site.galleries[0])
    rows = [
        (
            named.key or _UNMANAGED,
            _shorten_cell(named.gallery.name) or "untitled",
            "?" if named.gallery.total_items is None else f"{named.gallery.total_items:,}",
            escape_control(named.gallery.id),
        )
        for named in site.galleries
    ]
    title = f"{pluralize(len(site.galleries), 'gallery', 'galleries')} on site {escape_control(site.site_id)}"
    return title, ("key", "name", "items", "id"), rows


def _items_table(named: KeyedGallery) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
    gallery = named.gallery
    rows = [
        (
            str(position),
            named.item_keys.get(item.id, _UNMANAGED),
            item.kind.value,
            _shorten_cell(str(item.fields.get("title") or "")),
            _shorten_cell(_media_label(item)),
            escape_control(item.id),
        )
        for position, item in enumerate(gallery.items or (), 1)
    ]
    name = escape_control(gallery.name) or "untitled"
    title = f"{name} ({escape_control(gallery.id)}), {named.key or _UNMANAGED}, {pluralize(len(rows), 'item')}"
    return title, ("#", "key", "kind", "title", "media", "id"), rows


def _item_lines(named: KeyedGallery, item: LiveItem) -> Iterator[str]:
    gallery = named.key or named.gallery.name or named.gallery.id
    key = named.item_keys.get(item.id)
    yield f"{escape_control(gallery)}/{key}" if key else f"{escape_control(gallery)}: {_UNMANAGED}"
    position = f"{named.positions()[item.id]} of {len(named.gallery.items or ())}"
    rows: list[tuple[str, str]] = [("id", escape_control(item.id)), ("kind", item.kind.value), ("position", position)]
    rows.append(("sort order", "none" if item.sort_order is None else repr(item.sort_order)))
    if media := _media_label(item):
        rows.append((item.kind.value, escape_control(media)))
    rows += [
        (manifest_name(name, item.kind), format_value(part, 1000))
        for name, part in item.fields.items()
        if part not in ("", (), None)
    ]
    width = max(len(name) for name, _ in rows)
    yield from (f"  {name:<{width}}  {text}" for name, text in rows)


def _media_label(item: LiveItem) -> str:
    match item.media:
        case WixFile(id=id_, filename=name):
            return f"{name} ({id_})" if name else id_
        case HostedVideo(url=url):
            return url
        case None:
            return ""


def _shorten_cell(text: str) -> str:
    return shorten(escape_control(text), _MAX_CELL_LENGTH)


def _gallery_document(named: KeyedGallery, only_item: LiveItem | None) -> dict[str, Any]:
    gallery, places = named.gallery, named.positions()
    items = gallery.items if only_item is None else (only_item,)
    return {
        "key": named.key,
        "id": gallery.id,
        "name": gallery.name,
        "sort_order": gallery.sort_order,
        "total_items": gallery.total_items,
        "items": None if items is None else [_item_document(named, item, places[item.id]) for item in items],
    }


def _item_document(named: KeyedGallery, item: LiveItem, position: int) -> dict[str, Any]:
    return {
        "key": named.item_keys.get(item.id),
        "id": item.id,
        "kind": item.kind.value,
        "place": position,
        "sort_order": item.sort_order,
        "media": _media_document(item.media),
        "fields": {name: _tuple_to_list(part) for name, part in item.fields.items()},
    }


def _media_document(media: WixFile | HostedVideo | None) -> dict[str, Any] | None:
    match media:
        case WixFile():
            return {"file": media.id, "filename": media.filename, "width": media.width, "height": media.height}
        case HostedVideo():
            return {"host": media.host.value, "url": media.url}
        case None:
            return None


def _tuple_to_list(part: Json) -> Json:
    return list(part) if isinstance(part, tuple) else part
