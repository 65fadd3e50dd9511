"""Last applied values in the plan document."""

from __future__ import annotations

from galleryctl.model.fields import Json
from galleryctl.model.last_applied import FieldBase, LastApplied, Origin, encode_last_applied
from galleryctl.plan.file.decode import JsonNode


def encode_plan_record(record: LastApplied) -> Json:
    """Return the record as JSON with all its members; `decode_plan_record` is the inverse."""
    return {"sort_order": None, "revision": "", "fields": {}, **encode_last_applied(record)}


def decode_plan_record(node: JsonNode) -> LastApplied:
    """Return the record in a JSON object. Adds a problem for each member that is invalid."""
    part = node.object_with(("origin", "sort_order", "revision", "fields"))
    return LastApplied(
        origin=part["origin"].one_of(Origin),
        sort_order=part["sort_order"].optional(JsonNode.number),
        revision=part["revision"].string(),
        fields={path: _decode_base(base) for path, base in part["fields"].members()},
    )


def _decode_base(node: JsonNode) -> FieldBase:
    try:
        return FieldBase.parse(node.string())
    except ValueError as error:
        node.add_problem(str(error))
        return FieldBase(sent="", answered="")
