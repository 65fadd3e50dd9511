"""The canonical JSON text of a value, and digests of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from galleryctl.model.fields import Json

_MAX_EXACT_INTEGER = 2**53
"""Every whole double below this is an exact integer, which JSON tools may write without its `.0`."""


def canonical_json(value: Json) -> str:
    """Return `value` as JSON with sorted keys and without spaces; 1.0 is written as 1, a tuple as an array."""
    return json.dumps(_normalize(value), sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(value: Json) -> str:
    """Return the SHA-256 of the canonical JSON of `value`, in hex."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def _normalize(value: Json) -> Json:
    # Ten thousand fingerprints normalize a hundred thousand values: types are compared before classes are looked up.
    if type(value) is dict:
        return {name: part if type(part) is str else _normalize(part) for name, part in value.items()}
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < _MAX_EXACT_INTEGER else value
    if isinstance(value, Mapping):
        return {name: _normalize(part) for name, part in value.items()}
    return [_normalize(part) for part in value]
