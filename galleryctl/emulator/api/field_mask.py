"""PATCH of a document: top-level fields are replaced, nested objects are replaced or merged."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal


def apply_patch(
    doc: dict[str, Any], patch: dict[str, Any], *, read_only: Collection[str], nested: Literal["replace", "merge"]
) -> dict[str, Any]:
    """Return `doc` with the fields of `patch`; null clears a field; read-only fields are ignored."""
    result = dict(doc)
    for name, value in patch.items():
        if name in read_only:
            continue
        if value is None:
            result.pop(name, None)
        elif nested == "merge" and isinstance(value, dict) and isinstance(result.get(name), dict):
            result[name] = apply_patch(result[name], value, read_only=(), nested=nested)
        else:
            result[name] = value
    return result
