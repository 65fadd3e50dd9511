"""JSON from strangers, read so that no two readers can understand it differently."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

DEPTH = 64
"""Levels of nesting; an event has about ten."""


def strict(text: str) -> Any:
    """The value that `text` holds.

    Raises ValueError for anything but JSON, and for what JSON parsers differ about: a member that is there twice, NaN,
    numbers beyond a double, more than `DEPTH` levels.
    """
    try:
        value = json.loads(
            text, object_pairs_hook=_members, parse_constant=_not_json, parse_float=_finite, parse_int=_whole
        )
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if _deeper_than(value, DEPTH):
        raise ValueError("it is nested too deep")
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a member is there twice")
    return members


def _not_json(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _whole(digits: str) -> int:
    _finite(digits)
    return int(digits)


def _deeper_than(value: object, levels: int) -> bool:
    level = [value]
    for _ in range(levels):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: object) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
