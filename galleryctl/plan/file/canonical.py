"""One text for one JSON value, and the digests made from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from galleryctl.model.fields import Json

_MAX_EXACT_INTEGER = 2**53
"""Below it every whole double is an integer that JSON tools may write without its `.0`."""


def canonical_json(value: Json) -> str:
    """`value` as JSON with sorted keys and no spaces; whole numbers have one form, tuples are lists."""
    return json.dumps(_normalize(value), sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(value: Json) -> str:
    """The SHA-256 of `value`'s canonical JSON, in hex."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def _normalize(value: Json) -> Json:
    # What most values are is asked first: ten thousand fingerprints ask it a hundred thousand times.
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < _MAX_EXACT_INTEGER else value
    if isinstance(value, Mapping):
        return {name: _normalize(part) for name, part in value.items()}
    return [_normalize(part) for part in value]
