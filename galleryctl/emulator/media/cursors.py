"""Cursor paging of the Media Manager's lists."""

from __future__ import annotations

import base64
import json
from typing import Any

from galleryctl.emulator.api import checks
from galleryctl.emulator.api.rejection import Violation, validation_error
from galleryctl.emulator.http import ServedRequest

_MAX_LIMIT, _DEFAULT_LIMIT = 100, 50
_MAX_CURSOR_LENGTH, _MAX_FIELD_NAME_LENGTH = 16_000, 512


def parse_query(request: ServedRequest) -> dict[str, Any]:
    """A list's query as an object: `a.b=c` is nested, and `.r` holds all of it in base64 JSON."""
    packed = request.query_value(".r")
    if packed is not None:
        try:
            value = json.loads(base64.b64decode(packed + "=" * (-len(packed) % 4)))
        except ValueError as cause:
            raise validation_error(Violation(".r", "is not base64 of JSON")) from cause
        return value if isinstance(value, dict) else {}
    result: dict[str, Any] = {}
    for name, values in request.query.items():
        *path, last = name.split(".")
        place = result
        for step in path:
            place = place.setdefault(step, {})
            checks.raise_violations(checks.check_object(step, place))
        place[last] = values if last == "mediaTypes" else values[0]
    return result


def paging_violations(at: str, paging: Any) -> checks.Violations:
    """What is wrong with the `limit` and the `cursor` of a list."""
    yield from checks.check_object(at, paging)
    if isinstance(paging, dict):
        yield from checks.check_integer(f"{at}.limit", _parse_number(paging.get("limit")), 1, _MAX_LIMIT)
        yield from checks.check_string(f"{at}.cursor", paging.get("cursor"), _MAX_CURSOR_LENGTH)


def sort_violations(at: str, sort: Any) -> checks.Violations:
    """What is wrong with the `fieldName` and the `order` of a list."""
    yield from checks.check_object(at, sort)
    if isinstance(sort, dict):
        yield from checks.check_string(f"{at}.fieldName", sort.get("fieldName"), _MAX_FIELD_NAME_LENGTH)
        yield from checks.check_string(f"{at}.order", sort.get("order"))


def query_violations(query: Any) -> checks.Violations:
    """What is wrong with the `query` of a query call."""
    yield from checks.check_object("query", query)
    if not isinstance(query, dict):
        return
    yield from paging_violations("query.cursorPaging", query.get("cursorPaging"))
    yield from checks.check_object("query.filter", query.get("filter"))
    sorts = query.get("sort")
    if sorts is not None and not isinstance(sorts, list):
        yield Violation("query.sort", "must be an array", "FORMAT")
    elif sorts and len(sorts) > 1:
        yield Violation("query.sort", "has a size of more than 1", "MAX_SIZE", data={"threshold": 1})
    else:
        yield from sort_violations("query.sort[0]", next(iter(sorts or []), None))


def resume_query(query: Any, paging: str = "paging") -> Any:
    """The request that a cursor belongs to: whoever sends one leaves out the filter and the sort of the first page."""
    place = query.get(paging) if isinstance(query, dict) else None
    cursor = place.get("cursor") if isinstance(place, dict) else None
    if not isinstance(cursor, str) or not cursor or len(cursor) > _MAX_CURSOR_LENGTH:
        return query
    return _decode_cursor(cursor)["asked"] | {paging: place}


def paginate(
    documents: list[dict[str, Any]], query: dict[str, Any], paging: str = "paging"
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """One page of `found`, and the metadata with the cursor of the next one, if there is one.

    `asked` was resumed and checked.
    """
    place = query.get(paging) or {}
    limit = _DEFAULT_LIMIT if place.get("limit") is None else int(place["limit"])
    start = _decode_cursor(place["cursor"])["from"] if place.get("cursor") else 0
    shown = documents[start : start + limit]
    more = start + limit < len(documents)
    rest = {name: value for name, value in query.items() if name != paging}
    cursors = {"next": _encode_cursor({"from": start + limit, "asked": rest})} if more else {}
    return shown, {"count": len(shown), "cursors": cursors, "hasNext": more}


def _parse_number(value: Any) -> Any:
    """In a URL, a number is text."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _decode_cursor(cursor: str) -> dict[str, Any]:
    try:
        value = json.loads(base64.urlsafe_b64decode(cursor))
    except (ValueError, RecursionError) as cause:
        raise validation_error(Violation("paging.cursor", "is no cursor of this list")) from cause
    fits = isinstance(value, dict) and isinstance(value.get("asked"), dict)
    if not fits or not isinstance(value.get("from"), int) or value["from"] < 0:
        raise validation_error(Violation("paging.cursor", "is no cursor of this list"))
    opened: dict[str, Any] = value
    return opened


def _encode_cursor(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()
