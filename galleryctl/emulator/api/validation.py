"""Rules for galleries and items: what Wix rejects; limits are from the vendor's published types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from galleryctl.emulator.api.checks import (
    Violations,
    check_integer,
    check_number,
    check_object,
    check_objects,
    check_required,
    check_string,
    check_strings,
)
from galleryctl.emulator.api.rejection import Violation

MEDIA_KINDS = ("image", "video", "text")
READ_ONLY_ITEM_FIELDS = ("id", "type", "createdDate", "updatedDate")
READ_ONLY_GALLERY_FIELDS = ("id", "totalItems", "createdDate")
_VIDEO_HOSTS = {"YOUTUBE": ("youtube.com", "youtu.be", "youtube-nocookie.com"), "VIMEO": ("vimeo.com",)}
# Returns True if the site has a READY file with this id and of this media type.
HasMedia = Callable[[str, str], bool]


def item_kind(item: dict[str, Any]) -> str | None:
    """Return the kind of an item's media, image, video or text; None if it has none or several."""
    kinds = [kind for kind in MEDIA_KINDS if item.get(kind) is not None]
    return kinds[0] if len(kinds) == 1 else None


def gallery_violations(gallery: dict[str, Any], at: str = "gallery") -> Violations:
    """Yield the violations of a gallery's own fields."""
    yield from check_string(f"{at}.name", gallery.get("name"))
    yield from check_number(f"{at}.sortOrder", gallery.get("sortOrder"))


def item_violations(
    item: dict[str, Any], has_media: HasMedia, *, at: str = "item", only: set[str] | None = None, old: Any = None
) -> Violations:
    """Yield the violations of an item; `only` limits them to the fields sent, `old` is the item before a PATCH."""
    kinds = [kind for kind in MEDIA_KINDS if item.get(kind) is not None]
    if len(kinds) != 1 and (only is None or only & set(MEDIA_KINDS)):
        problem = "one of image, video, text is required" if not kinds else f"has more than one media: {kinds}"
        yield Violation(at, problem, "REQUIRED_ONE_OF_FIELD" if not kinds else "OTHER")
    sent = item if only is None else {name: item[name] for name in only if name in item}
    yield from check_string(f"{at}.title", sent.get("title"))
    yield from check_string(f"{at}.description", sent.get("description"))
    yield from check_number(f"{at}.sortOrder", sent.get("sortOrder"))
    yield from _link_violations(sent.get("link"), f"{at}.link")
    yield from _tags_violations(sent.get("tags"), f"{at}.tags")
    old_ids = _media_ids(old)
    checks = {"image": _image_violations, "video": _video_violations, "text": _text_violations}
    for kind in MEDIA_KINDS:
        if (media := sent.get(kind)) is not None:
            if isinstance(media, dict):
                yield from checks[kind](media, f"{at}.{kind}", lambda i, t: i in old_ids or has_media(i, t))
            else:
                yield from check_object(f"{at}.{kind}", media)


def _media_ids(item: Any) -> set[str]:
    """Return the ids the item already uses: an image deleted from the Media Manager stays in its gallery."""
    ids: set[str] = set()
    for kind, info in (("image", "imageInfo"), ("video", "videoInfo")):
        media = (item or {}).get(kind)
        details = media.get(info) if isinstance(media, dict) else None
        if isinstance(details, dict) and isinstance(details.get("id"), str):
            ids.add(details["id"])
    return ids


def _link_violations(link: Any, at: str) -> Violations:
    yield from check_object(at, link)
    if isinstance(link, dict):
        yield from check_string(f"{at}.text", link.get("text"))
        yield from check_string(f"{at}.url", link.get("url"))


def _tags_violations(tags: Any, at: str) -> Violations:
    yield from check_object(at, tags)
    if isinstance(tags, dict):
        yield from check_strings(f"{at}.values", tags.get("values"))


def _image_violations(image: dict[str, Any], at: str, has_media: HasMedia) -> Violations:
    info = image.get("imageInfo")
    yield from check_required(f"{at}.imageInfo", info)
    yield from check_object(f"{at}.imageInfo", info)
    if isinstance(info, dict):
        yield from _image_info_violations(info, f"{at}.imageInfo", has_media)
    yield from check_integer(f"{at}.quality", image.get("quality"), 30, 100)
    yield from check_object(f"{at}.exif", image.get("exif"))
    for name, limits in (
        ("focalPoint", {"x": (None, None), "y": (None, None)}),
        ("unsharpMasking", {"amount": (0, 5), "radius": (0, None), "threshold": (0, 1)}),
    ):
        value = image.get(name)
        yield from check_object(f"{at}.{name}", value)
        if isinstance(value, dict):
            for field, (low, high) in limits.items():
                yield from check_number(f"{at}.{name}.{field}", value.get(field), low, high)


def _image_info_violations(info: dict[str, Any], at: str, has_media: HasMedia) -> Violations:
    ident = info.get("id")
    yield from check_required(f"{at}.id", ident)
    for side in ("width", "height"):
        yield from check_required(f"{at}.{side}", info.get(side))
        yield from check_integer(f"{at}.{side}", info.get(side), 1)
    for name in ("altText", "filename", "url"):
        yield from check_string(f"{at}.{name}", info.get(name))
    if ident and not (isinstance(ident, str) and has_media(ident, "IMAGE")):
        yield Violation(f"{at}.id", f"{ident} is not a READY image in this site's Media Manager")


def _video_violations(video: dict[str, Any], at: str, has_media: HasMedia) -> Violations:
    info = video.get("videoInfo")
    yield from check_required(f"{at}.videoInfo", info)
    yield from check_object(f"{at}.videoInfo", info)
    yield from check_integer(f"{at}.durationInMillis", video.get("durationInMillis"), 0)
    kind = video.get("type")
    if kind not in (None, "UNDEFINED", "WIX_MEDIA", *_VIDEO_HOSTS):
        yield Violation(f"{at}.type", "is not one of WIX_MEDIA, YOUTUBE, VIMEO", "FORMAT")
    elif isinstance(info, dict):
        yield from _video_source_violations(kind, info, f"{at}.videoInfo", has_media)
        yield from check_objects(f"{at}.videoInfo.resolutions", info.get("resolutions"), _resolution_violations, 100)
        yield from check_objects(f"{at}.videoInfo.posters", info.get("posters"), _poster_violations)
        yield from check_string(f"{at}.videoInfo.filename", info.get("filename"))


def video_type(info: dict[str, Any]) -> str:
    """Return the type of a video sent without one, derived from its id or URL; UNDEFINED if neither decides."""
    if info.get("id"):
        return "WIX_MEDIA"
    return next((kind for kind in _VIDEO_HOSTS if _is_hosted_by(str(info.get("url")), kind)), "UNDEFINED")


def _is_hosted_by(url: str, kind: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    host = parts.hostname or ""
    return parts.scheme == "https" and any(host == h or host.endswith(f".{h}") for h in _VIDEO_HOSTS[kind])


def _video_source_violations(kind: Any, info: dict[str, Any], at: str, has_media: HasMedia) -> Violations:
    kind = video_type(info) if kind in (None, "UNDEFINED") else kind
    ident, url = info.get("id"), info.get("url")
    if kind == "WIX_MEDIA":
        yield from check_required(f"{at}.id", ident)
        if ident and not (isinstance(ident, str) and has_media(ident, "VIDEO")):
            yield Violation(f"{at}.id", f"{ident} is not a READY video in this site's Media Manager")
    elif kind in _VIDEO_HOSTS:
        yield from check_required(f"{at}.url", url)
        if url and not _is_hosted_by(str(url), kind):
            yield Violation(f"{at}.url", f"is not an https URL of {kind}", "FORMAT")
    else:
        yield Violation(at, "requires an id, or an https URL of YouTube or Vimeo", "REQUIRED_ONE_OF_FIELD")


def _resolution_violations(at: str, resolution: dict[str, Any]) -> Violations:
    for name in ("url", "height", "width", "format"):
        yield from check_required(f"{at}.{name}", resolution.get(name))
    for name in ("url", "format", "quality", "filename"):
        yield from check_string(f"{at}.{name}", resolution.get(name))
    for name in ("height", "width"):
        yield from check_integer(f"{at}.{name}", resolution.get(name), 1)


def _poster_violations(at: str, poster: dict[str, Any]) -> Violations:
    yield from check_string(f"{at}.id", poster.get("id"))


def _text_violations(value: dict[str, Any], at: str, _has_media: HasMedia) -> Violations:
    yield from check_required(f"{at}.html", value.get("html"))
    yield from check_string(f"{at}.html", value.get("html"))
    yield from check_object(f"{at}.css", value.get("css"))
