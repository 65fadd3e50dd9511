"""One text for one JSON value, and the digests made from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from galleryctl.model.fields import Json

EXACT = 2**53
"""Below it every whole double is an integer that JSON tools may write without its `.0`."""


def canonical_json(value: Json) -> str:
    """`value` as JSON with sorted keys and no spaces; whole numbers have one form, tuples are lists."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(value: Json) -> str:
    """The SHA-256 of `value`'s canonical JSON, in hex."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def _plain(value: Json) -> Json:
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return int(value)
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(part) for part in value]
    return value
