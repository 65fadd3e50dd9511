"""The values of live items that a manifest can represent."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from galleryctl.manifest.media_source import MediaSourceError, format_wix_uri, parse_media_source
from galleryctl.manifest.schema import invalid_keys
from galleryctl.manifest.values import normalize_structure
from galleryctl.manifest.yaml import variables
from galleryctl.model.fields import FIELDS_BY_KIND, Fields, Json
from galleryctl.model.live import LiveItem
from galleryctl.model.media import HostedVideo, Kind, WixFile
from galleryctl.model.video import video_host

_MAX_DEPTH = 20
"""Levels of nesting; deeper values are not written to manifests."""
_MAX_INTEGER = 10**15
LINK_FIELDS = ("link.url", "link.text")
"""Written together under `link`; without a text as the URL alone."""


def source_text(item: LiveItem) -> str | None:
    """Return the value for `image:`, `video:` or `text:`; None if a manifest cannot represent it."""
    if item.kind is Kind.TEXT:
        html = item.fields.get("html")
        text = html if isinstance(html, str) else ""
        return text if is_representable(text) else None
    if isinstance(item.media, WixFile):
        text = format_wix_uri(item.media, item.kind)
    elif isinstance(item.media, HostedVideo):
        url = item.media.url
        text = f"https{url.removeprefix('http')}" if url.startswith("http://") else url
    else:
        return None
    try:
        parsed = parse_media_source(text, item.kind, None)
    except MediaSourceError:
        return None
    if isinstance(item.media, WixFile):
        same_media = isinstance(parsed, WixFile) and parsed.id == item.media.id
    else:
        same_media = isinstance(parsed, HostedVideo) and parsed.host is item.media.host
    return text if same_media and is_representable(text) else None


def source_problem(item: LiveItem) -> str:
    """Return why `source_text` is None for the item, such as "it has no image"; "" if it is not None."""
    if source_text(item) is not None:
        return ""
    if item.kind is Kind.TEXT:
        return "its text has characters that a manifest cannot have"
    if item.media is None:
        return f"it has no {item.kind}"
    if isinstance(item.media, WixFile):
        return f"the id or the name of its file is invalid: {item.media.id}"
    host = item.media.host
    return (
        f"its URL is invalid: {item.media.url}"
        if video_host(item.media.url) is host
        else f"its type is {host.value.upper()}, but its URL is {item.media.url}"
    )


def is_representable(value: Json, depth: int = 0) -> bool:
    """Return True if a manifest can represent the value: finite, encodable, not nested too deep."""
    match value:
        case str():
            masked = variables.MASK_OPEN in value or variables.MASK_CLOSE in value
            return not masked and not any("\ud800" <= character <= "\udfff" for character in value)
        case float():
            return math.isfinite(value)
        case int():
            return abs(value) < _MAX_INTEGER
        case Mapping():
            parts = (*value.keys(), *value.values())
            return depth < _MAX_DEPTH and all(is_representable(part, depth + 1) for part in parts)
        case Sequence():
            return depth < _MAX_DEPTH and all(is_representable(part, depth + 1) for part in value)
        case _:
            return True


def representable_fields(item: LiveItem) -> Fields:
    """Return the live fields that a manifest can represent, except the item's source."""
    values = {
        field.name: normalize_structure(_as_integer(item.fields[field.name]))
        for field in FIELDS_BY_KIND[item.kind]
        if field.name in item.fields and not field.is_source and is_representable(item.fields[field.name])
    }
    if any(part in item.fields and part not in values for part in LINK_FIELDS):
        # one part alone would clear the other
        values = {name: value for name, value in values.items() if name not in LINK_FIELDS}
    entry = {name: to_json_types(value) for name, value in values.items() if name not in LINK_FIELDS}
    invalid = invalid_keys({**entry, item.kind.value: "x"}, "gallery", item.kind.value)
    return {name: value for name, value in values.items() if name not in invalid}


def _as_integer(value: Json) -> Json:
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < _MAX_INTEGER else value


def to_json_types(value: Json) -> Json:
    """Return a value with lists instead of tuples, which jsonschema does not support."""
    if isinstance(value, Mapping):
        return {name: to_json_types(part) for name, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [to_json_types(part) for part in value]
    return value
