"""The page at `/`: each gallery as a visitor would see it, without resources from other sites."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from galleryctl.emulator.api.rendering import gallery_summary, items_page
from galleryctl.emulator.api.validation import item_kind
from galleryctl.emulator.http import ServedResponse
from galleryctl.emulator.site import EmulatedSite

if TYPE_CHECKING:
    from jinja2 import Template

_MAX_ITEMS = 300  # of one gallery on the page
# Text items are untrusted HTML: their frames inherit this policy and are sandboxed as well.
_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# The default style of a text item.
_FRAME_STYLE = "<style>body{margin:1.25rem;font:1.05rem/1.5 Georgia,serif;color:#1d1d1f}</style>"


def render_page(site: EmulatedSite) -> ServedResponse:
    """Render the page of all galleries, sorted by their sort order."""
    direction = "DESC" if site.settings.item_order == "descending" else "ASC"
    docs = site.store.fetch_documents(f"SELECT doc FROM galleries ORDER BY sort_order {direction}, seq")  # noqa: S608
    galleries = [_gallery_view(site, gallery_summary(site, doc)) for doc in docs]
    files = site.store.fetch_count("SELECT COUNT(*) FROM files WHERE trashed = 0")
    site_id = site.credentials.site_id
    html = _template().render(galleries=galleries, files=files, site_id=site_id, frame_style=_FRAME_STYLE)
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return ServedResponse(body=html.encode(), headers=headers)


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader  # noqa: PLC0415 - slow to import

    loader = PackageLoader("galleryctl.emulator")
    return Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True).get_template("page.html")


def _gallery_view(site: EmulatedSite, doc: dict[str, Any]) -> dict[str, Any]:
    cards = [_item_view(site, item) for item in items_page(site, doc["id"], 0, _MAX_ITEMS)]
    name, total = doc.get("name") or "Untitled gallery", doc["totalItems"]
    return {"id": doc["id"], "name": name, "total": total, "cards": cards, "more": total - len(cards)}


def _item_view(site: EmulatedSite, item: dict[str, Any]) -> dict[str, Any]:
    """Return one item's values for the template; malformed data is left out and never raises an error."""
    kind = item_kind(item) or "other"
    media = _as_object(item.get(kind))
    tags = _as_object(item.get("tags")).get("values")
    card: dict[str, Any] = {
        "kind": kind,
        "title": item.get("title"),
        "description": item.get("description"),
        "tags": [tag for tag in tags if not str(tag).startswith("_fileOrigin_")] if isinstance(tags, list) else [],
        "href": _web_link(_as_object(item.get("link")).get("url")),
        "label": _as_object(item.get("link")).get("text"),
    }
    if kind == "image":
        card |= _image_view(site, media)
    elif kind == "video":
        info = _as_object(media.get("videoInfo"))
        source, url = _local_path(site, info.get("id")), _web_link(info.get("url"))
        card |= {"source": source, "url": url, "type": media.get("type")}
    elif kind == "text":
        card["html"] = str(media.get("html") or "")
    return card


def _image_view(site: EmulatedSite, image: dict[str, Any]) -> dict[str, Any]:
    info, focus = _as_object(image.get("imageInfo")), _as_object(image.get("focalPoint"))
    point = [focus.get(axis) for axis in ("x", "y")]
    percent = [f"{min(1.0, max(0.0, part)) * 100:.1f}%" for part in point if isinstance(part, int | float)]
    has_size = isinstance(info.get("width"), int) and isinstance(info.get("height"), int)
    return {
        "source": _local_path(site, info.get("id")),
        "alt": info.get("altText") or "",
        "width": info["width"] if has_size else 4,
        "height": info["height"] if has_size else 3,
        "focus": " ".join(percent) if len(percent) == 2 else "50% 50%",  # noqa: PLR2004
    }


def _as_object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _local_path(site: EmulatedSite, ident: Any) -> str | None:
    """Return the path of a file's bytes on this server, or None if the site does not have the file."""
    exists = isinstance(ident, str) and site.store.fetch_count("SELECT COUNT(*) FROM files WHERE id = ?", ident)
    return f"/media/{quote(str(ident))}" if exists else None


def _web_link(url: Any) -> str | None:
    """Return the URL if its scheme is safe as a link (http, https, mailto or tel), or else None."""
    if not isinstance(url, str):
        return None
    try:
        scheme = urlsplit(url).scheme.lower()
    except ValueError:
        return None
    return url if scheme in ("http", "https", "mailto", "tel") else None
