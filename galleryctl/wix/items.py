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
    JsonObject,
    as_array,
    as_number,
    as_object,
    as_sdk_string,
    as_size,
    as_string,
    compact_object,
    decode_sort_order,
    file_id,
    with_removed_as_null,
)

ItemMedia = MediaFile | WixFile | HostedVideo | None
"""What an item shall show, once it is on the site; None for a text, or when it stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """An item to create. `sort_order` must be unused in its gallery: a lost create is found again by it."""

    kind: Kind
    fields: Fields = field(default_factory=dict)
    file: ItemMedia = None
    sort_order: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPage:
    """One page of a gallery's items. `count` is how many the API sent, those of unknown kinds too; `raw` is all it sent.

    `foreign_orders` are the sort orders of those of unknown kinds.
    """

    items: tuple[LiveItem, ...]
    count: int
    unsupported_sort_orders: tuple[float, ...] = ()
    raw: Sequence[Json] = field(default=(), repr=False)


def decode_item(raw: JsonObject) -> LiveItem | None:
    """The item; None for one of an unknown kind or without an id."""
    ident, kind = as_string(raw.get("id")), _decode_kind(raw)
    if not ident or kind is None:
        return None
    media = _decode_image_media(raw) if kind is Kind.IMAGE else _decode_video_media(raw) if kind is Kind.VIDEO else None
    return LiveItem(
        id=ident,
        kind=kind,
        media=media,
        fields={name: read(_at(raw, path)) for name, path, read in _READERS[kind]},
        sort_order=decode_sort_order(raw),
        raw=raw,
    )


def _decode_kind(raw: JsonObject) -> Kind | None:
    """By `type`; where that is missing or unknown, by which of the media stands."""
    named = as_string(raw.get("type"))
    for kind in Kind:
        if named == kind.value.upper():
            return kind
    standing = [kind for kind in Kind if isinstance(raw.get(kind.value), Mapping)]
    return standing[0] if len(standing) == 1 else None


def _reader(row: Field) -> Callable[[Json], Json]:
    """Return the function that makes the API's value canonical."""
    match row.type:
        case "string":
            return as_sdk_string if row.sdk_undefined else as_string
        case "number":
            return as_number
        case "tags":
            return lambda tags: canonical(row.name, _tag_values(tags))
        case "structure":
            return partial(compact_object, members=row.members)


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
    return as_array(tags.get("values") if isinstance(tags, Mapping) else tags)


def _decode_image_media(raw: JsonObject) -> WixFile | None:
    info = as_object(as_object(raw.get("image")).get("imageInfo"))
    url = as_string(info.get("url"))
    ident = file_id(info.get("id")) or (file_id(url) if url.startswith("wix:") else "")
    if not ident:
        return None
    return WixFile(
        id=ident,
        filename=_decode_filename(info, ident),
        width=as_size(info.get("width")) or 0,
        height=as_size(info.get("height")) or 0,
    )


def _decode_filename(info: JsonObject, ident: str) -> str:
    """The name that people gave the file; "" when it only repeats the id."""
    name = as_sdk_string(info.get("filename"))
    return "" if name == ident else name


def _decode_video_media(raw: JsonObject) -> WixFile | HostedVideo | None:
    """By the video's type; where that says nothing, by its id, then by its URL."""
    video = as_object(raw.get("video"))
    info = as_object(video.get("videoInfo"))
    named, url = as_string(video.get("type")), as_string(info.get("url"))
    ident = file_id(info.get("id")) or (file_id(url) if url.startswith("wix:") else "")
    hosts = {host.value.upper(): host for host in VideoHost}
    host = hosts.get(named) or (video_host(url) if not ident else None)
    if host is not None and url:
        return HostedVideo(host=host, url=url)
    return WixFile(id=ident, filename=_decode_filename(info, ident)) if ident else None


def item_payload(new: NewItem) -> dict[str, Json]:
    """The `item` of a create; empty values are left out."""
    kept = {name: value for name, value in new.fields.items() if not is_empty(value)}
    payload = _changed_members(new.kind, kept, {}, new.file)
    return {**payload, "sortOrder": new.sort_order}


def item_patch(
    live: LiveItem, write: Fields, file: ItemMedia = None, sort_order: float | None = None
) -> dict[str, Json]:
    """The `item` of an update without its id: the changed fields, each nested object whole over what is there.

    A cleared value is sent as null, cleared tags as an empty array.
    """
    patch = _changed_members(live.kind, write, live.raw, file)
    return patch if sort_order is None else {**patch, "sortOrder": sort_order}


def _changed_members(kind: Kind, write: Fields, raw: JsonObject, file: ItemMedia) -> dict[str, Json]:
    """What `write` and `file` make of the top-level fields of `raw`, only those that change."""
    rows = [row for row in FIELDS_BY_KIND[kind] if row.name in write]
    changed = [row.path[0] for row in rows]
    after = dict(raw)
    for row in rows:
        after[row.path[0]] = _put(row, row.path[1:], after.get(row.path[0]), write[row.name])
    for top in {row.path[0] for row in rows if row.is_part}:
        if all(map(is_empty, as_object(after[top]).values())):
            after[top] = None
    if file is not None and kind is not Kind.TEXT:
        show = _encode_image if kind is Kind.IMAGE else _encode_video
        after[kind.value] = show(as_object(after.get(kind.value)), file)
        changed.append(kind.value)
    return {top: after[top] for top in changed}


def _put(row: Field, steps: Sequence[str], before: Json, value: Json) -> Json:
    """Return `before` with the value put in at the end of `steps`."""
    if not steps:
        return _null_if_empty(row, before, value)
    return {**as_object(before), steps[0]: _put(row, steps[1:], as_object(before).get(steps[0]), value)}


def _null_if_empty(row: Field, before: Json, value: Json) -> Json:
    """Return the value as the API takes it. What the API keeps in a structure beside our members stays."""
    if row.type == "tags":
        return _encode_tags(value, before)
    if is_empty(value):
        return row.cleared
    if not row.members:
        return with_removed_as_null(before, value)
    kept = {name: part for name, part in as_object(before).items() if name not in row.members}
    return {**kept, **as_object(with_removed_as_null(compact_object(before, row.members), value))}


def _encode_tags(value: Json, before: Json) -> JsonObject:
    """The tags to send: the vendor's own stay in front of ours."""
    had = _tag_values(before)
    vendors = [tag for tag in had if isinstance(tag, str) and tag.startswith(VENDOR_TAG_PREFIX)]
    return {**as_object(before), "values": [*vendors, *as_array(value)]}


def _encode_image(before: JsonObject, file: MediaFile | WixFile | HostedVideo) -> JsonObject:
    """The image that shows `file`, with all that is said of the one before."""
    known = as_object(before.get("imageInfo"))
    kept = {"altText": known["altText"]} if "altText" in known else {}
    typed = {"type": "WIX_MEDIA"} if "type" in before else {}
    return {**before, **typed, "imageInfo": {**_encode_image_info(file), **kept}}


def _encode_image_info(file: MediaFile | WixFile | HostedVideo) -> dict[str, Json]:
    if isinstance(file, HostedVideo):
        raise GalleryctlError("an image cannot show a video", where=file.url)
    if not (file.width and file.height):
        raise GalleryctlError(
            "the width and height of the image are not known",
            where=file.id,
            do="check that the file is an image of this site's Media Manager, and READY",
        )
    name = _file_name(file)
    sized: dict[str, Json] = {"id": file.id, "width": file.width, "height": file.height}
    return {**sized, "filename": name} if name else sized


def _encode_video(before: JsonObject, file: MediaFile | WixFile | HostedVideo) -> JsonObject:
    """The video that shows `file`; what described the one before is taken away."""
    old = as_object(before.get("videoInfo"))
    if isinstance(file, HostedVideo):
        kind, info = file.host.value.upper(), {"url": file.url}
    else:
        kind, info = "WIX_MEDIA", {"id": file.id, **({"filename": name} if (name := _file_name(file)) else {})}
    # null as well as absent: whether a nested object merges or is replaced is not settled (wix-api)
    gone: dict[str, Json] = {name: None for name in ("id", "url", "filename", "posters") if name in old}
    if "resolutions" in old:
        gone["resolutions"] = []
    length: dict[str, Json] = {"durationInMillis": None} if "durationInMillis" in before else {}
    return {**before, **length, "type": kind, "videoInfo": {**gone, **info}}


def _file_name(file: MediaFile | WixFile) -> str:
    return file.display_name if isinstance(file, MediaFile) else file.filename
