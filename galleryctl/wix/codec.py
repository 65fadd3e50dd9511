"""The API's JSON values ↔ canonical values of the model, for whatever real sites were seen to send."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from urllib.parse import unquote

from galleryctl.model.fields import Fields, Json, canonical
from galleryctl.model.live import LiveGallery
from galleryctl.model.media import MediaFile

JsonObject = Mapping[str, Json]

_SDK_UNDEFINED = "undefined"
"""The literal text that the vendor's SDK wrote as altText and filename where it had none."""
_MAX_NUMBER = sys.float_info.max
_MAX_COUNT = 1_000_000
"""Galleries of a site or items of a gallery: to read more would take an hour of the API's 200 requests a minute."""
_MAX_DIGITS = 20
"""Digits of the API's 64-bit numbers."""


def as_object(value: Json) -> JsonObject:
    """`value` if it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def as_string(value: Json) -> str:
    """`value` if it is a string, else "". Half of a character, left by a cut, is shown as U+FFFD."""
    if not isinstance(value, str):
        return ""
    return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def as_number(value: Json) -> float | int | None:
    """`value` if it is a number that a double can hold, else None."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return value if abs(value) <= _MAX_NUMBER else None


def decode_sort_order(raw: JsonObject) -> float | None:
    """The sort order of a gallery or an item, as the double that the API keeps; None when it has none."""
    found = as_number(raw.get("sortOrder"))
    return None if found is None else float(found)


def as_size(value: Json) -> int | None:
    """A count or a size from 0 on, also when it comes as a string of digits (the API's int64); else None."""
    if isinstance(value, str):
        return int(value) if value.isdecimal() and len(value) <= _MAX_DIGITS else None
    found = as_number(value)
    return None if found is None or found < 0 else int(found)


def as_count(value: Json) -> int | None:
    """How many galleries or items there are; None when it is no number, or one that no site reaches."""
    found = as_size(value)
    return found if found is not None and found <= _MAX_COUNT else None


def as_array(value: Json) -> Sequence[Json]:
    """`value` if it is an array, else an empty one."""
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def as_sdk_string(value: Json) -> str:
    """A string that the vendor's SDK may have filled with the text "undefined": "" then."""
    found = as_string(value)
    return "" if found == _SDK_UNDEFINED else found


def compact_object(value: Json, members: Collection[str] = ()) -> Json:
    """An object without its nulls, of `members` if they are given; None for an empty one and for anything else."""
    found = {name: part for name, part in as_object(value).items() if part is not None}
    return {name: part for name, part in found.items() if not members or name in members} or None


def with_removed_as_null(before: Json, after: Json) -> Json:
    """`after`, with null for what only `before` has: right whether the API merges nested objects or replaces them."""
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return after
    gone: dict[str, Json] = {name: None for name in before if name not in after}
    return {**gone, **{name: with_removed_as_null(before.get(name), part) for name, part in after.items()}}


def file_id(value: Json) -> str:
    """The bare file id in a plain id or a `wix:image://v1/<id>/<name>#…` string; "" for neither."""
    found = as_string(value)
    if not found.startswith("wix:"):
        return found
    return unquote(found.partition("://v1/")[2].partition("/")[0].partition("#")[0])


def decode_gallery(raw: JsonObject) -> LiveGallery | None:
    """The gallery, without items; None for what has no id."""
    ident = as_string(raw.get("id"))
    if not ident:
        return None
    fields: Fields = {"name": canonical("name", as_string(raw.get("name")))}
    return LiveGallery(
        id=ident,
        fields=fields,
        sort_order=decode_sort_order(raw),
        total_items=as_count(raw.get("totalItems")),
        items=None,
        raw=raw,
    )


def gallery_patch(write: Fields) -> dict[str, Json]:
    """The top-level fields of a gallery that `write` changes, as the API takes them."""
    return {"name": write["name"] or None} if "name" in write else {}


def decode_file(raw: JsonObject) -> MediaFile | None:
    """A file descriptor of the Media Manager; None for what has no id."""
    ident = file_id(raw.get("id"))
    if not ident:
        return None
    media = as_object(raw.get("media"))
    picture = as_object(as_object(media.get("image")).get("image"))
    status = as_string(raw.get("operationStatus"))
    return MediaFile(
        id=ident,
        display_name=as_string(raw.get("displayName")),
        ready=status == "READY",
        failed=status == "FAILED",
        width=as_size(picture.get("width")) or 0,
        height=as_size(picture.get("height")) or 0,
        size=as_size(raw.get("sizeInBytes")) or 0,
        labels=tuple(label for label in as_array(raw.get("labels")) if isinstance(label, str)),
        source_url=as_string(raw.get("sourceUrl")),
        url=as_string(raw.get("url")),
        media_type=as_string(raw.get("mediaType")),
    )
