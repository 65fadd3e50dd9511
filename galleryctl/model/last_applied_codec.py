"""Last applied values in the JSON documents: state, journal and plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from galleryctl.model import json_document as doc
from galleryctl.model.fields import Json
from galleryctl.model.last_applied import FieldBase, LastApplied, Origin


def encode_last_applied(record: LastApplied) -> dict[str, Json]:
    """Return the members of a record as JSON; those without a value are left out."""
    members: dict[str, Json] = {"origin": record.origin.value}
    if record.sort_order is not None:
        members["sort_order"] = record.sort_order
    if record.revision:
        members["revision"] = record.revision
    if record.xmp_sidecar:
        members["xmp_sidecar"] = True
    if record.fields:
        members["fields"] = {path: str(base) for path, base in sorted(record.fields.items())}
    return members


def _read_base(value: Json) -> FieldBase:
    text = doc.string(value)
    try:
        return FieldBase.parse(text)
    except ValueError as error:
        raise doc.InvalidDocumentError("is not the base of a field") from error


LAST_APPLIED_READERS: Mapping[str, doc.Reader[Any]] = {
    "origin": doc.one_of(Origin),
    "sort_order": doc.number,
    "revision": doc.string,
    "xmp_sidecar": doc.boolean,
    "fields": doc.mapping(doc.utf8_string, _read_base),
}
"""The readers of the members of a record, each of which may be missing."""

read_last_applied: doc.Reader[LastApplied] = doc.record(LastApplied, LAST_APPLIED_READERS)
