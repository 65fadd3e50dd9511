"""JSON from untrusted senders: only what all JSON parsers interpret in the same way is accepted."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

_MAX_DEPTH = 64
"""Levels of nesting; an event has about ten."""


def parse_strict_json(text: str) -> Any:
    """Return the value in `text`.

    Raises ValueError for invalid JSON and for what JSON parsers treat differently: duplicate members, NaN, numbers
    beyond a double, more than `_MAX_DEPTH` levels.
    """
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique_members,
            parse_constant=_reject_constant,
            parse_float=_finite_float,
            parse_int=_finite_int,
        )
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if _is_deeper_than(value, _MAX_DEPTH):
        raise ValueError("it is nested too deeply")
    return value


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("duplicate member")
    return members


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite_float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _finite_int(digits: str) -> int:
    _finite_float(digits)
    return int(digits)


def _is_deeper_than(value: object, levels: int) -> bool:
    level = [value]
    for _ in range(levels):
        level = [inner for outer in level for inner in _children(outer)]
        if not level:
            return False
    return True


def _children(value: object) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
