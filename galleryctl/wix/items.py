"""Items: the API's objects ↔ the model, and what is sent to create or change one.

An item whose kind is unknown to this version decodes to None: it is counted, never managed, never touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from galleryctl.model.errors import GalleryctlError
from galleryctl.model.fields import VENDOR_TAG_PREFIX, Fields, Json, canonical
from galleryctl.model.live import LiveItem
from galleryctl.model.media import HostedVideo, Kind, MediaFile, VideoHost, WixFile
from galleryctl.model.video import video_host
from galleryctl.wix.codec import (
    Object,
    array,
    file_id,
    number,
    obj,
    replacing,
    said,
    sort_order,
    structure,
    text,
    whole,
)

Shown = MediaFile | WixFile | HostedVideo | None
"""What an item shall show, once it is on the site; None for a text, or when it stays."""

IMAGE_NAMES: Mapping[str, str] = {
    "focal_point": "focalPoint",
    "quality": "quality",
    "sharpen": "unsharpMasking",
    "exif": "exif",
}
"""Fields of an image item ↔ names in the API's `image`; `alt_text` lies deeper, in its `imageInfo`."""
MEMBERS: Mapping[str, Sequence[str]] = {
    "focal_point": ("x", "y"),
    "sharpen": ("amount", "radius", "threshold"),
}
"""What a manifest names of these objects; other members are the API's: never diffed, never lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """An item to create. `sort_order` must be unused in its gallery: a lost create is found again by it."""

    kind: Kind
    fields: Fields = field(default_factory=dict)
    file: Shown = None
    sort_order: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPage:
    """One page of a gallery's items. `count` is how many the API sent, those of unknown kinds too; `raw` is all it sent.

    `foreign_orders` are the sort orders of those of unknown kinds.
    """

    items: tuple[LiveItem, ...]
    count: int
    foreign_orders: tuple[float, ...] = ()
    raw: Sequence[Json] = field(default=(), repr=False)


def decode_item(raw: Object) -> LiveItem | None:
    """The item; None for one of an unknown kind or without an id."""
    ident, kind = text(raw.get("id")), _kind(raw)
    if not ident or kind is None:
        return None
    media = _image_media(raw) if kind is Kind.IMAGE else _video_media(raw) if kind is Kind.VIDEO else None
    return LiveItem(
        id=ident,
        kind=kind,
        media=media,
        fields={name: canonical(name, value) for name, value in _fields(kind, raw).items()},
        sort_order=sort_order(raw),
        raw=raw,
    )


def _kind(raw: Object) -> Kind | None:
    """By `type`; where that is missing or unknown, by which of the media stands."""
    named = text(raw.get("type"))
    for kind in Kind:
        if named == kind.value.upper():
            return kind
    standing = [kind for kind in Kind if isinstance(raw.get(kind.value), Mapping)]
    return standing[0] if len(standing) == 1 else None


def _fields(kind: Kind, raw: Object) -> dict[str, Json]:
    link = obj(raw.get("link"))
    tags = raw.get("tags")
    fields: dict[str, Json] = {
        "title": text(raw.get("title")),
        "description": text(raw.get("description")),
        "link.url": text(link.get("url")),
        "link.text": text(link.get("text")),
        "tags": array(obj(tags).get("values") if isinstance(tags, Mapping) else tags),
    }
    if kind is Kind.IMAGE:
        image = obj(raw.get("image"))
        fields["alt_text"] = said(obj(image.get("imageInfo")).get("altText"))
        fields["focal_point"] = structure(image.get("focalPoint"), MEMBERS["focal_point"])
        fields["quality"] = number(image.get("quality"))
        fields["sharpen"] = structure(image.get("unsharpMasking"), MEMBERS["sharpen"])
        fields["exif"] = structure(image.get("exif"))
    if kind is Kind.TEXT:
        words = obj(raw.get("text"))
        fields["html"] = text(words.get("html"))
        fields["css"] = structure(words.get("css"))
    return fields


def _image_media(raw: Object) -> WixFile | None:
    info = obj(obj(raw.get("image")).get("imageInfo"))
    url = text(info.get("url"))
    ident = file_id(info.get("id")) or (file_id(url) if url.startswith("wix:") else "")
    if not ident:
        return None
    return WixFile(
        id=ident,
        filename=_filename(info, ident),
        width=whole(info.get("width")) or 0,
        height=whole(info.get("height")) or 0,
    )


def _filename(info: Object, ident: str) -> str:
    """The name that people gave the file; "" when it only repeats the id."""
    name = said(info.get("filename"))
    return "" if name == ident else name


def _video_media(raw: Object) -> WixFile | HostedVideo | None:
    """By the video's type; where that says nothing, by its id, then by its URL."""
    video = obj(raw.get("video"))
    info = obj(video.get("videoInfo"))
    named, url = text(video.get("type")), text(info.get("url"))
    ident = file_id(info.get("id")) or (file_id(url) if url.startswith("wix:") else "")
    hosts = {host.value.upper(): host for host in VideoHost}
    host = hosts.get(named) or (video_host(url) if not ident else None)
    if host is not None and url:
        return HostedVideo(host=host, url=url)
    return WixFile(id=ident, filename=_filename(info, ident)) if ident else None


def item_payload(new: NewItem) -> dict[str, Json]:
    """The `item` of a create; empty values are left out."""
    kept = {name: value for name, value in new.fields.items() if not _empty(value)}
    payload = _written(new.kind, kept, {}, new.file)
    return {**payload, "sortOrder": new.sort_order}


def item_patch(
    live: LiveItem, write: Fields, file: Shown = None, sort_order: float | None = None
) -> dict[str, Json]:
    """The `item` of an update without its id: the changed fields, each nested object whole over what is there.

    A cleared value is sent as null, cleared tags as an empty array.
    """
    patch = _written(live.kind, write, live.raw, file)
    return patch if sort_order is None else {**patch, "sortOrder": sort_order}


def _written(kind: Kind, write: Fields, raw: Object, file: Shown) -> dict[str, Json]:
    """What `write` and `file` make of the top-level fields of `raw`, only those that change."""
    sent: dict[str, Json] = {name: _sent(write[name]) for name in ("title", "description") if name in write}
    if "link.url" in write or "link.text" in write:
        parts = {part: _sent(write[f"link.{part}"]) for part in ("url", "text") if f"link.{part}" in write}
        link = {**obj(raw.get("link")), **parts}
        sent["link"] = None if all(_empty(value) for value in link.values()) else link
    if "tags" in write:
        sent["tags"] = _tags(write["tags"], raw.get("tags"))
    if kind is Kind.IMAGE and (file is not None or {"alt_text", *IMAGE_NAMES} & write.keys()):
        sent["image"] = _image(write, obj(raw.get("image")), file)
    if kind is Kind.VIDEO and file is not None:
        sent["video"] = _video(obj(raw.get("video")), file)
    if kind is Kind.TEXT and {"html", "css"} & write.keys():
        before = obj(raw.get("text"))
        parts = {name: replacing(before.get(name), write[name]) for name in ("html", "css") if name in write}
        sent["text"] = {**before, **parts}
    return sent


def _tags(value: Json, before: Json) -> Object:
    """The tags to send: the vendor's own stay in front of ours."""
    had = array(obj(before).get("values") if isinstance(before, Mapping) else before)
    vendors = [tag for tag in had if isinstance(tag, str) and tag.startswith(VENDOR_TAG_PREFIX)]
    return {**obj(before), "values": [*vendors, *array(value)]}


def _image(write: Fields, before: Object, file: Shown) -> Object:
    named = {ours: theirs for ours, theirs in IMAGE_NAMES.items() if ours in write}
    image = {
        **before,
        **{theirs: _part(ours, before.get(theirs), write[ours]) for ours, theirs in named.items()},
    }
    info = obj(before.get("imageInfo"))
    if file is not None:
        kept = {"altText": info["altText"]} if "altText" in info else {}
        info = {**_image_info(file), **kept}
        if "type" in image:
            image["type"] = "WIX_MEDIA"
    if "alt_text" in write:
        info = {**info, "altText": _sent(write["alt_text"])}
    return {**image, "imageInfo": info}


def _part(name: str, before: Json, after: Json) -> Json:
    """A member of `image` to send; what the API keeps in it beside what we name stays."""
    if _empty(after):
        return None
    ours = MEMBERS.get(name)
    kept = {} if ours is None else {part: value for part, value in obj(before).items() if part not in ours}
    changed = replacing(before if ours is None else structure(before, ours), after)
    return {**kept, **changed} if isinstance(changed, Mapping) else changed


def _image_info(file: MediaFile | WixFile | HostedVideo) -> dict[str, Json]:
    if isinstance(file, HostedVideo):
        raise GalleryctlError("an image cannot show a video", where=file.url)
    if not (file.width and file.height):
        raise GalleryctlError(
            "the width and height of the image are not known",
            where=file.id,
            do="check that the file is an image of this site's Media Manager, and READY",
        )
    name = _name(file)
    sized: dict[str, Json] = {"id": file.id, "width": file.width, "height": file.height}
    return {**sized, "filename": name} if name else sized


def _video(before: Object, file: MediaFile | WixFile | HostedVideo) -> Object:
    """The video that shows `file`; what described the one before is taken away."""
    old = obj(before.get("videoInfo"))
    if isinstance(file, HostedVideo):
        kind, info = file.host.value.upper(), {"url": file.url}
    else:
        kind, info = "WIX_MEDIA", {"id": file.id, **({"filename": name} if (name := _name(file)) else {})}
    # null as well as absent: whether a nested object merges or is replaced is not settled (wix-api)
    gone: dict[str, Json] = {name: None for name in ("id", "url", "filename", "posters") if name in old}
    if "resolutions" in old:
        gone["resolutions"] = []
    length: dict[str, Json] = {"durationInMillis": None} if "durationInMillis" in before else {}
    return {**before, **length, "type": kind, "videoInfo": {**gone, **info}}


def _name(file: MediaFile | WixFile) -> str:
    return file.display_name if isinstance(file, MediaFile) else file.filename


def _empty(value: Json) -> bool:
    return value is None or (isinstance(value, Sequence | Mapping) and not value)


def _sent(value: Json) -> Json:
    """`value` as the API takes it: null clears."""
    return None if _empty(value) else value
