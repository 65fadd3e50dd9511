"""Cursor paging of the Media Manager's lists."""

from __future__ import annotations

import base64
import json
from typing import Any

from galleryctl.emulator import checks
from galleryctl.emulator.exchange import Call
from galleryctl.emulator.rejection import Violation, invalid

LARGEST, USUAL = 100, 50


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
        place[last] = values if last == "mediaTypes" else values[0]
    return result


def page_of(found: list[dict[str, Any]], paging: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """One page of `found`, and the metadata with the cursor of the next one, if there is one."""
    asked = paging if isinstance(paging, dict) else {}
    limit, start = _limit(asked.get("limit")), _start(asked.get("cursor"))
    shown = found[start : start + limit]
    more = start + limit < len(found)
    cursors = {"next": _cursor(start + limit)} if more else {}
    return shown, {"count": len(shown), "cursors": cursors, "hasNext": more}


def _limit(value: Any) -> int:
    if value is None:
        return USUAL
    number = int(value) if isinstance(value, str) and value.isdecimal() else value
    checks.all_of(checks.integer("paging.limit", number, 1, LARGEST))
    return int(number)


def _start(cursor: Any) -> int:
    if not cursor:
        return 0
    try:
        return max(0, int(base64.urlsafe_b64decode(str(cursor)).decode().removeprefix("from:")))
    except ValueError as cause:
        raise invalid(Violation("paging.cursor", "is no cursor of this list")) from cause


def _cursor(start: int) -> str:
    return base64.urlsafe_b64encode(f"from:{start}".encode()).decode()
