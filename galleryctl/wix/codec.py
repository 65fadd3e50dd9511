"""Convert the API's JSON values to canonical values of the model, tolerating what real sites send."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Mapping, Sequence
from urllib.parse import unquote

from galleryctl.model.fields import Fields, Json, canonical
from galleryctl.model.live import LiveGallery
from galleryctl.model.media import MediaFile

JsonObject = Mapping[str, Json]

_SURROGATE = re.compile("[\ud800-\udfff]")
_SDK_UNDEFINED = "undefined"
"""The text that the vendor's SDK wrote as altText and filename if there was none."""
_MAX_NUMBER = sys.float_info.max
_MAX_COUNT = 1_000_000
"""Most galleries of a site, or items of a gallery; reading more takes over an hour at 200 requests a minute."""
_MAX_DIGITS = 20
"""Most digits of a 64-bit number."""


def as_object(value: Json) -> JsonObject:
    """Return `value` if it is an object, else an empty object."""
    return value if isinstance(value, Mapping) else {}


def as_string(value: Json) -> str:
    """Return `value` if it is a string, else ""; a lone surrogate becomes U+FFFD."""
    if not isinstance(value, str):
        return ""
    if value.isascii() or _SURROGATE.search(value) is None:
        return value
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def as_number(value: Json) -> float | int | None:
    """Return `value` if it is a number in the range of a double, else None."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return value if abs(value) <= _MAX_NUMBER else None


def decode_sort_order(raw: JsonObject) -> float | None:
    """Return the sort order of a gallery or an item, a double in the API, or None."""
    order = as_number(raw.get("sortOrder"))
    return None if order is None else float(order)


def as_size(value: Json) -> int | None:
    """Return a count or size of at least 0, sent as a number or (int64) as a string of digits; else None."""
    if isinstance(value, str):
        return int(value) if value.isdecimal() and len(value) <= _MAX_DIGITS else None
    number = as_number(value)
    return None if number is None or number < 0 else int(number)


def as_count(value: Json) -> int | None:
    """Return a number of galleries or items; None if it is invalid or implausibly large."""
    size = as_size(value)
    return size if size is not None and size <= _MAX_COUNT else None


def as_array(value: Json) -> Sequence[Json]:
    """Return `value` if it is an array, else an empty array."""
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def as_sdk_string(value: Json) -> str:
    """Return `value` as a string, "" for the text "undefined" of the vendor's SDK."""
    text = as_string(value)
    return "" if text == _SDK_UNDEFINED else text


def compact_object(value: Json, members: Collection[str] = ()) -> Json:
    """Return the object without null members, limited to `members` if given; None if nothing is left."""
    parts = {name: part for name, part in as_object(value).items() if part is not None}
    return {name: part for name, part in parts.items() if not members or name in members} or None


def with_removed_as_null(before: Json, after: Json) -> Json:
    """Return `after` with null for members that only `before` has, at every depth.

    This is correct both if the API merges nested objects and if it replaces them:
    {"a": 1, "b": 2} changed to {"b": 3} is sent as {"a": null, "b": 3}.
    """
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return after
    removed: dict[str, Json] = {name: None for name in before if name not in after}
    return {**removed, **{name: with_removed_as_null(before.get(name), part) for name, part in after.items()}}


def file_id(value: Json) -> str:
    """Return the file id in a plain id or a `wix:image://v1/<id>/<name>#…` URI, else ""."""
    text = as_string(value)
    if not text.startswith("wix:"):
        return text
    return unquote(text.partition("://v1/")[2].partition("/")[0].partition("#")[0])


def decode_gallery(raw: JsonObject) -> LiveGallery | None:
    """Return the gallery without its items; None if it has no id."""
    ident = as_string(raw.get("id"))
    if not ident:
        return None
    fields: Fields = {"name": canonical("name", as_string(raw.get("name")))}
    order, total = decode_sort_order(raw), as_count(raw.get("totalItems"))
    return LiveGallery(id=ident, fields=fields, sort_order=order, total_items=total, items=None, raw=raw)


def gallery_patch(write: Fields) -> dict[str, Json]:
    """Return the members that an update of a gallery sends for `write`."""
    return {"name": write["name"] or None} if "name" in write else {}


def decode_file(raw: JsonObject) -> MediaFile | None:
    """Return the file of a Media Manager descriptor; None if it has no id."""
    ident = file_id(raw.get("id"))
    if not ident:
        return None
    media = as_object(raw.get("media"))
    image = as_object(as_object(media.get("image")).get("image"))
    status = as_string(raw.get("operationStatus"))
    return MediaFile(
        id=ident,
        display_name=as_string(raw.get("displayName")),
        ready=status == "READY",
        failed=status == "FAILED",
        width=as_size(image.get("width")) or 0,
        height=as_size(image.get("height")) or 0,
        size=as_size(raw.get("sizeInBytes")) or 0,
        labels=tuple(label for label in as_array(raw.get("labels")) if isinstance(label, str)),
        source_url=as_string(raw.get("sourceUrl")),
        url=as_string(raw.get("url")),
        media_type=as_string(raw.get("mediaType")),
    )
