"""Convert items between the API's objects and the model, and build create and update requests.

An item of a kind that this version does not support decodes to None: it is counted but never managed or changed.
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
"""The media of an item, once it is on the site; None for a text item or for no change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """An item to create. `sort_order` must be unused in its gallery: it identifies the item if the response is lost."""

    kind: Kind
    fields: Fields = field(default_factory=dict)
    file: ItemMedia = None
    sort_order: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPage:
    """One page of a gallery's items. `count` and `raw` include those of unsupported kinds."""

    items: tuple[LiveItem, ...]
    count: int
    unsupported_sort_orders: tuple[float, ...] = ()
    raw: Sequence[Json] = field(default=(), repr=False)


def decode_item(raw: JsonObject) -> LiveItem | None:
    """Return the item; None if its kind is unsupported or it has no id."""
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
    """Return the kind that `type` names; if it is missing or unknown, the only kind whose member is present."""
    type_name = as_string(raw.get("type"))
    for kind in Kind:
        if type_name == kind.value.upper():
            return kind
    present = [kind for kind in Kind if isinstance(raw.get(kind.value), Mapping)]
    return present[0] if len(present) == 1 else None


def _reader(row: Field) -> Callable[[Json], Json]:
    """Return the function that converts the API's value to the canonical one."""
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
"""Name, path and reader of each field, computed once: 10,000 items have 100,000 fields."""


def _at(raw: Json, path: Sequence[str]) -> Json:
    for step in path:
        raw = raw.get(step) if isinstance(raw, Mapping) else None
    return raw


def _tag_values(tags: Json) -> Sequence[Json]:
    """Return the tags; some sites send a bare array."""
    return as_array(tags.get("values") if isinstance(tags, Mapping) else tags)


def _decode_image_media(raw: JsonObject) -> WixFile | None:
    info = as_object(as_object(raw.get("image")).get("imageInfo"))
    return _decode_wix_file(info, width=as_size(info.get("width")) or 0, height=as_size(info.get("height")) or 0)


def _decode_wix_file(info: JsonObject, *, width: int = 0, height: int = 0) -> WixFile | None:
    """Return the file, or None without an id; a filename that only repeats the id becomes ""."""
    url = as_string(info.get("url"))
    ident = file_id(info.get("id")) or (file_id(url) if url.startswith("wix:") else "")
    name = as_sdk_string(info.get("filename"))
    return WixFile(id=ident, filename="" if name == ident else name, width=width, height=height) if ident else None


def _decode_video_media(raw: JsonObject) -> WixFile | HostedVideo | None:
    """Return the media by the video's type; if that is inconclusive, by its id, then by its URL."""
    video = as_object(raw.get("video"))
    info = as_object(video.get("videoInfo"))
    file, url = _decode_wix_file(info), as_string(info.get("url"))
    hosts = {host.value.upper(): host for host in VideoHost}
    host = hosts.get(as_string(video.get("type"))) or (None if file else video_host(url))
    return file if host is None or not url else HostedVideo(host=host, url=url)


def item_payload(new: NewItem) -> dict[str, Json]:
    """Return the `item` of a create; empty values are left out."""
    kept = {name: value for name, value in new.fields.items() if not is_empty(value)}
    payload = _changed_members(new.kind, kept, {}, new.file)
    return {**payload, "sortOrder": new.sort_order}


def item_patch(
    live: LiveItem, write: Fields, file: ItemMedia = None, sort_order: float | None = None
) -> dict[str, Json]:
    """Return the `item` of an update without its id: the changed members, nested objects complete.

    Cleared values are null, cleared tags an empty array. For example, a new alt text for the item
    {"title": "T", "image": {"imageInfo": {"id": "a", "altText": "old"}}} is sent as
    {"image": {"imageInfo": {"id": "a", "altText": "new"}}}.
    """
    patch = _changed_members(live.kind, write, live.raw, file)
    return patch if sort_order is None else {**patch, "sortOrder": sort_order}


def _changed_members(kind: Kind, write: Fields, raw: JsonObject, file: ItemMedia) -> dict[str, Json]:
    """Return the top-level members of `raw` that `write` and `file` change, with their new values."""
    rows = [row for row in FIELDS_BY_KIND[kind] if row.name in write]
    changed = [row.path[0] for row in rows]
    after = dict(raw)
    for row in rows:
        after[row.path[0]] = _put(row, row.path[1:], after.get(row.path[0]), write[row.name])
    for member in {row.path[0] for row in rows if row.is_part}:
        if all(map(is_empty, as_object(after[member]).values())):
            after[member] = None
    if file is not None and kind is not Kind.TEXT:
        encode = _encode_image if kind is Kind.IMAGE else _encode_video
        after[kind.value] = encode(as_object(after.get(kind.value)), file)
        changed.append(kind.value)
    return {member: after[member] for member in changed}


def _put(row: Field, path: Sequence[str], before: Json, value: Json) -> Json:
    """Return `before` with the value at `path` replaced."""
    if not path:
        return _encode_value(row, before, value)
    return {**as_object(before), path[0]: _put(row, path[1:], as_object(before).get(path[0]), value)}


def _encode_value(row: Field, before: Json, value: Json) -> Json:
    """Return the value to send; members of a structure that this version does not manage are kept."""
    if row.type == "tags":
        return _encode_tags(value, before)
    if is_empty(value):
        return row.cleared
    if not row.members:
        return with_removed_as_null(before, value)
    kept = {name: part for name, part in as_object(before).items() if name not in row.members}
    return {**kept, **as_object(with_removed_as_null(compact_object(before, row.members), value))}


def _encode_tags(value: Json, before: Json) -> JsonObject:
    """Return the tags to send, the vendor's own tags first."""
    existing = _tag_values(before)
    vendors = [tag for tag in existing if isinstance(tag, str) and tag.startswith(VENDOR_TAG_PREFIX)]
    return {**as_object(before), "values": [*vendors, *as_array(value)]}


def _encode_image(before: JsonObject, file: MediaFile | WixFile | HostedVideo) -> JsonObject:
    """Return the image with `file` as its media and the members and the alt text of `before`."""
    if isinstance(file, HostedVideo):
        raise GalleryctlError("an image item cannot show a video", where=file.url)
    if not (file.width and file.height):
        do = "check that the file is an image in this site's Media Manager and that its status is READY"
        raise GalleryctlError("the width and height of the image are unknown", where=file.id, do=do)
    info_before = as_object(before.get("imageInfo"))
    info: dict[str, Json] = {**_file_reference(file), "width": file.width, "height": file.height}
    if "altText" in info_before:
        info["altText"] = info_before["altText"]
    media_type = {"type": "WIX_MEDIA"} if "type" in before else {}
    return {**before, **media_type, "imageInfo": info}


def _encode_video(before: JsonObject, file: MediaFile | WixFile | HostedVideo) -> JsonObject:
    """Return the video with `file` as its media, without what described the previous file."""
    info_before = as_object(before.get("videoInfo"))
    if isinstance(file, HostedVideo):
        video_type, info = file.host.value.upper(), {"url": file.url}
    else:
        video_type, info = "WIX_MEDIA", _file_reference(file)
    # null, not just absent: it is undocumented whether the API merges nested objects or replaces them
    removed: dict[str, Json] = {name: None for name in ("id", "url", "filename", "posters") if name in info_before}
    if "resolutions" in info_before:
        removed["resolutions"] = []
    duration: dict[str, Json] = {"durationInMillis": None} if "durationInMillis" in before else {}
    return {**before, **duration, "type": video_type, "videoInfo": {**removed, **info}}


def _file_reference(file: MediaFile | WixFile) -> dict[str, str]:
    name = file.display_name if isinstance(file, MediaFile) else file.filename
    return {"id": file.id, **({"filename": name} if name else {})}
