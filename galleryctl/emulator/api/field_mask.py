"""What a PATCH makes of a document: top-level fields, and nested objects by the switch."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal


def apply_patch(
    doc: dict[str, Any],
    patch: dict[str, Any],
    *,
    read_only: Collection[str],
    nested: Literal["replace", "merge"],
) -> dict[str, Any]:
    """`doc` with the fields of `patch` put in; null clears a field; read-only fields are passed over."""
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
