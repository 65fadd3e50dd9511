"""Items: the API's objects ↔ the model, and what is sent to create or change one.

An item whose kind is unknown to this version decodes to None: it is counted, never managed, never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from galleryctl.model.errors import GalleryctlError
from galleryctl.model.fields import (
    FIELDS_BY_KIND,
    VENDOR_TAG_PREFIX,
    Field,
    Fields,
    Json,
    canonical,
    is_empty,
)
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
        fields={name: read(_at(raw, path)) for name, path, read in _READERS[kind]},
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


def _reader(row: Field) -> Callable[[Json], Json]:
    """Return the function that makes the API's value canonical."""
    match row.type:
        case "string":
            return said if row.sdk_undefined else text
        case "number":
            return number
        case "tags":
            return lambda tags: canonical(row.name, _tag_values(tags))
        case "structure":
            return partial(structure, members=row.members)


_READERS: Mapping[Kind, Sequence[tuple[str, Sequence[str], Callable[[Json], Json]]]] = {
    kind: tuple((row.name, row.path, _reader(row)) for row in rows) for kind, rows in FIELDS_BY_KIND.items()
}
"""Name, path and reader of each field: 10,000 items are 100,000 fields."""


def _at(raw: Json, path: Sequence[str]) -> Json:
    for step in path:
        raw = raw.get(step) if isinstance(raw, Mapping) else None
    return raw


def _tag_values(tags: Json) -> Sequence[Json]:
    """Return the tags, which some sites send as a bare array."""
    return array(tags.get("values") if isinstance(tags, Mapping) else tags)


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
    kept = {name: value for name, value in new.fields.items() if not is_empty(value)}
    payload = _written(new.kind, kept, {}, new.file)
    return {**payload, "sortOrder": new.sort_order}


def item_patch(live: LiveItem, write: Fields, file: Shown = None, sort_order: float | None = None) -> dict[str, Json]:
    """The `item` of an update without its id: the changed fields, each nested object whole over what is there.

    A cleared value is sent as null, cleared tags as an empty array.
    """
    patch = _written(live.kind, write, live.raw, file)
    return patch if sort_order is None else {**patch, "sortOrder": sort_order}


def _written(kind: Kind, write: Fields, raw: Object, file: Shown) -> dict[str, Json]:
    """What `write` and `file` make of the top-level fields of `raw`, only those that change."""
    rows = [row for row in FIELDS_BY_KIND[kind] if row.name in write]
    changed = [row.path[0] for row in rows]
    after = dict(raw)
    for row in rows:
        after[row.path[0]] = _put(row, row.path[1:], after.get(row.path[0]), write[row.name])
    for top in {row.path[0] for row in rows if row.is_part}:
        if all(map(is_empty, obj(after[top]).values())):
            after[top] = None
    if file is not None and kind is not Kind.TEXT:
        show = _image if kind is Kind.IMAGE else _video
        after[kind.value] = show(obj(after.get(kind.value)), file)
        changed.append(kind.value)
    return {top: after[top] for top in changed}


def _put(row: Field, steps: Sequence[str], before: Json, value: Json) -> Json:
    """Return `before` with the value put in at the end of `steps`."""
    if not steps:
        return _sent(row, before, value)
    return {**obj(before), steps[0]: _put(row, steps[1:], obj(before).get(steps[0]), value)}


def _sent(row: Field, before: Json, value: Json) -> Json:
    """Return the value as the API takes it. What the API keeps in a structure beside our members stays."""
    if row.type == "tags":
        return _tags(value, before)
    if is_empty(value):
        return row.cleared
    if not row.members:
        return replacing(before, value)
    kept = {name: part for name, part in obj(before).items() if name not in row.members}
    return {**kept, **obj(replacing(structure(before, row.members), value))}


def _tags(value: Json, before: Json) -> Object:
    """The tags to send: the vendor's own stay in front of ours."""
    had = _tag_values(before)
    vendors = [tag for tag in had if isinstance(tag, str) and tag.startswith(VENDOR_TAG_PREFIX)]
    return {**obj(before), "values": [*vendors, *array(value)]}


def _image(before: Object, file: MediaFile | WixFile | HostedVideo) -> Object:
    """The image that shows `file`, with all that is said of the one before."""
    known = obj(before.get("imageInfo"))
    kept = {"altText": known["altText"]} if "altText" in known else {}
    typed = {"type": "WIX_MEDIA"} if "type" in before else {}
    return {**before, **typed, "imageInfo": {**_image_info(file), **kept}}


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
