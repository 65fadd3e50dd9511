"""Cursor paging of the Media Manager's lists."""

from __future__ import annotations

import base64
import json
from typing import Any

from galleryctl.emulator import checks
from galleryctl.emulator.exchange import Call
from galleryctl.emulator.rejection import Violation, invalid

LARGEST, USUAL = 100, 50
LONGEST_CURSOR, LONGEST_FIELD_NAME = 16_000, 512


def query_of(call: Call) -> dict[str, Any]:
    """A list's query as an object: `a.b=c` is nested, and `.r` holds all of it in base64 JSON."""
    packed = call.first(".r")
    if packed is not None:
        try:
            value = json.loads(base64.b64decode(packed + "=" * (-len(packed) % 4)))
        except ValueError as cause:
            raise invalid(Violation(".r", "is not base64 of JSON")) from cause
        return value if isinstance(value, dict) else {}
    result: dict[str, Any] = {}
    for name, values in call.query.items():
        *path, last = name.split(".")
        place = result
        for step in path:
            place = place.setdefault(step, {})
            checks.all_of(checks.mapping(step, place))
        place[last] = values if last == "mediaTypes" else values[0]
    return result


def paging_violations(at: str, paging: Any) -> checks.Found:
    """What is wrong with the `limit` and the `cursor` of a list."""
    yield from checks.mapping(at, paging)
    if isinstance(paging, dict):
        yield from checks.integer(f"{at}.limit", _number(paging.get("limit")), 1, LARGEST)
        yield from checks.text(f"{at}.cursor", paging.get("cursor"), LONGEST_CURSOR)


def sort_violations(at: str, sort: Any) -> checks.Found:
    """What is wrong with the `fieldName` and the `order` of a list."""
    yield from checks.mapping(at, sort)
    if isinstance(sort, dict):
        yield from checks.text(f"{at}.fieldName", sort.get("fieldName"), LONGEST_FIELD_NAME)
        yield from checks.text(f"{at}.order", sort.get("order"))


def query_violations(asked: Any) -> checks.Found:
    """What is wrong with the `query` of a query call."""
    yield from checks.mapping("query", asked)
    if not isinstance(asked, dict):
        return
    yield from paging_violations("query.cursorPaging", asked.get("cursorPaging"))
    yield from checks.mapping("query.filter", asked.get("filter"))
    sorts = asked.get("sort")
    if sorts is not None and not isinstance(sorts, list):
        yield Violation("query.sort", "must be an array", "FORMAT")
    elif sorts and len(sorts) > 1:
        yield Violation("query.sort", "has a size of more than 1", "MAX_SIZE", data={"threshold": 1})
    else:
        yield from sort_violations("query.sort[0]", next(iter(sorts or []), None))


def resumed(asked: Any, paging: str = "paging") -> Any:
    """The request that a cursor belongs to: whoever sends one leaves out the filter and the sort of the first page."""
    place = asked.get(paging) if isinstance(asked, dict) else None
    cursor = place.get("cursor") if isinstance(place, dict) else None
    if not isinstance(cursor, str) or not cursor or len(cursor) > LONGEST_CURSOR:
        return asked
    return _opened(cursor)["asked"] | {paging: place}


def page_of(
    found: list[dict[str, Any]], asked: dict[str, Any], paging: str = "paging"
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """One page of `found`, and the metadata with the cursor of the next one, if there is one.

    `asked` was resumed and checked.
    """
    place = asked.get(paging) or {}
    limit = USUAL if place.get("limit") is None else int(place["limit"])
    start = _opened(place["cursor"])["from"] if place.get("cursor") else 0
    shown = found[start : start + limit]
    more = start + limit < len(found)
    rest = {name: value for name, value in asked.items() if name != paging}
    cursors = {"next": _cursor({"from": start + limit, "asked": rest})} if more else {}
    return shown, {"count": len(shown), "cursors": cursors, "hasNext": more}


def _number(value: Any) -> Any:
    """In a URL, a number is text."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _opened(cursor: str) -> dict[str, Any]:
    try:
        value = json.loads(base64.urlsafe_b64decode(cursor))
    except (ValueError, RecursionError) as cause:
        raise invalid(Violation("paging.cursor", "is no cursor of this list")) from cause
    fits = isinstance(value, dict) and isinstance(value.get("asked"), dict)
    if not fits or not isinstance(value.get("from"), int) or value["from"] < 0:
        raise invalid(Violation("paging.cursor", "is no cursor of this list"))
    opened: dict[str, Any] = value
    return opened


def _cursor(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()
