"""Queries and cursor paging of the Media Manager's lists."""

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
    """Return the query of a list call as an object: `a.b=c` is nested, and `.r` has all of it as base64 of JSON."""
    packed = request.query_value(".r")
    if packed is not None:
        try:
            value = json.loads(base64.b64decode(packed + "=" * (-len(packed) % 4)))
        except ValueError as cause:
            raise validation_error(Violation(".r", "is not valid base64 of JSON")) from cause
        return value if isinstance(value, dict) else {}
    result: dict[str, Any] = {}
    for name, values in request.query.items():
        *path, last = name.split(".")
        target = result
        for step in path:
            target = target.setdefault(step, {})
            checks.raise_violations(checks.check_object(step, target))
        target[last] = values if last == "mediaTypes" else values[0]
    return result


def paging_violations(at: str, paging: Any) -> checks.Violations:
    """Yield the violations of the `limit` and the `cursor` of a list call."""
    yield from checks.check_object(at, paging)
    if isinstance(paging, dict):
        yield from checks.check_integer(f"{at}.limit", _parse_number(paging.get("limit")), 1, _MAX_LIMIT)
        yield from checks.check_string(f"{at}.cursor", paging.get("cursor"), _MAX_CURSOR_LENGTH)


def sort_violations(at: str, sort: Any) -> checks.Violations:
    """Yield the violations of the `fieldName` and the `order` of a list call."""
    yield from checks.check_object(at, sort)
    if isinstance(sort, dict):
        yield from checks.check_string(f"{at}.fieldName", sort.get("fieldName"), _MAX_FIELD_NAME_LENGTH)
        yield from checks.check_string(f"{at}.order", sort.get("order"))


def query_violations(query: Any) -> checks.Violations:
    """Yield the violations of the `query` of a query call."""
    yield from checks.check_object("query", query)
    if not isinstance(query, dict):
        return
    yield from paging_violations("query.cursorPaging", query.get("cursorPaging"))
    yield from checks.check_object("query.filter", query.get("filter"))
    sorts = query.get("sort")
    yield from checks.check_array("query.sort", sorts, 1)
    if isinstance(sorts, list) and len(sorts) == 1:
        yield from sort_violations("query.sort[0]", sorts[0])


def resume_query(query: Any, paging: str = "paging") -> Any:
    """Return the query with the filter and sort from its cursor, because clients send them with the first page only.

    `{"paging": {"cursor": C}}` → `{"search": "x", "sort": …, "paging": {"cursor": C}}`, as the first page's query was.
    """
    page = query.get(paging) if isinstance(query, dict) else None
    cursor = page.get("cursor") if isinstance(page, dict) else None
    if not isinstance(cursor, str) or not cursor or len(cursor) > _MAX_CURSOR_LENGTH:
        return query
    return _decode_cursor(cursor)["query"] | {paging: page}


def paginate(
    documents: list[dict[str, Any]], query: dict[str, Any], paging: str = "paging"
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return one page of `documents`, and the metadata with the cursor of the next page, if there is one.

    `query` must be resumed and checked.
    """
    page = query.get(paging) or {}
    limit = _DEFAULT_LIMIT if page.get("limit") is None else int(page["limit"])
    start = _decode_cursor(page["cursor"])["from"] if page.get("cursor") else 0
    shown = documents[start : start + limit]
    more = start + limit < len(documents)
    rest = {name: value for name, value in query.items() if name != paging}
    cursors = {"next": _encode_cursor({"from": start + limit, "query": rest})} if more else {}
    return shown, {"count": len(shown), "cursors": cursors, "hasNext": more}


def _parse_number(value: Any) -> Any:
    """Convert a number from a URL; anything else is returned unchanged, to be checked."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _decode_cursor(cursor: str) -> dict[str, Any]:
    try:
        value = json.loads(base64.urlsafe_b64decode(cursor))
    except (ValueError, RecursionError) as cause:
        raise validation_error(Violation("paging.cursor", "is not a cursor of this list")) from cause
    match value:
        case {"query": dict(), "from": int(start)} if start >= 0:
            return dict(value)
    raise validation_error(Violation("paging.cursor", "is not a cursor of this list"))


def _encode_cursor(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()
