"""The fields that a manifest may name, and when two of their values are the same.

A field set maps a field's name to its canonical value. In a desired set only the named fields stand (what is not
named is left alone); in a live set every field that applies to the kind stands. Canonical: a missing or null string is
"", missing tags are (), a missing structure or number is None; tags are without duplicates, sorted, and without the
vendor's own `_fileOrigin_` ones.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from galleryctl.model.media import Kind

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
"""Any JSON value, read-only. Lists are tuples in canonical values."""

Fields = Mapping[str, Json]

_COMMON = ("title", "description", "link.url", "link.text", "tags")
ITEM_FIELDS: Mapping[Kind, tuple[str, ...]] = {
    Kind.IMAGE: (*_COMMON, "alt_text", "focal_point", "quality", "sharpen", "exif"),
    Kind.VIDEO: _COMMON,
    Kind.TEXT: (*_COMMON, "html", "css"),
}
"""The fields of each kind of item, in the order people read them. `media` is compared apart (see plan)."""

STRING_FIELDS = frozenset({"name", "title", "description", "link.url", "link.text", "alt_text", "html"})
VENDOR_TAG_PREFIX = "_fileOrigin_"
"""Tags that the vendor's editor adds for itself: seen in live data, never diffed, never lost (wix-api)."""


def canonical(field: str, value: Json) -> Json:
    """`value` as field sets hold it (see the module's docstring)."""
    if field in STRING_FIELDS:
        return "" if value is None else value
    if field == "tags":
        tags = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
        return tuple(sorted({t for t in tags if isinstance(t, str) and not t.startswith(VENDOR_TAG_PREFIX)}))
    return value


def same(before: Json, after: Json) -> bool:
    """Whether two values are equal to a site: numbers may have passed through a 32-bit float, null is as absent."""
    if isinstance(before, bool) or isinstance(after, bool):
        return before is after
    if isinstance(before, int | float) and isinstance(after, int | float):
        return before == after or float32(before) == float32(after)
    if isinstance(before, str) or isinstance(after, str):
        return before == after
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return all(same(before.get(name), after.get(name)) for name in before.keys() | after.keys())
    if isinstance(before, Sequence) and isinstance(after, Sequence):
        return len(before) == len(after) and all(map(same, before, after))
    return before is None and after is None


def float32(value: float) -> float:
    """The 32-bit float nearest to `value`; infinite beyond the range."""
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
