"""The reader of last applied values, for state and journal."""

from __future__ import annotations

import math
from collections.abc import Mapping

from galleryctl.model.last_applied import FieldBase, LastApplied, Origin

RECORD_MEMBERS = ("origin", "sort_order", "revision", "fields")


def decode_last_applied(members: Mapping[str, object], path: str) -> LastApplied:
    """Return the last applied values in the members of an entry. Raises ValueError with `path` if they are invalid."""
    order, revision, fields = members.get("sort_order"), members.get("revision", ""), members.get("fields", {})
    if not (order is None or (isinstance(order, int | float) and not isinstance(order, bool) and math.isfinite(order))):
        raise ValueError(f"{path}.sort_order is not a finite number")
    if not isinstance(revision, str):
        raise ValueError(f"{path}.revision is not a string")  # noqa: TRY004 - reported as StateError
    if not isinstance(fields, Mapping):
        raise ValueError(f"{path}.fields is not an object")  # noqa: TRY004 - reported as StateError
    return LastApplied(
        origin=Origin(str(members.get("origin", Origin.UNKNOWN))),
        fields={name: FieldBase.parse(str(base)) for name, base in fields.items()},
        sort_order=None if order is None else float(order),
        revision=revision,
    )
