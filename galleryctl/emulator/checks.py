"""Checks of single JSON values, collected as field violations so that all come at once."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

from galleryctl.emulator.exchange import Call
from galleryctl.emulator.rejection import Violation, invalid

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
Found = Iterable[Violation]


def guid(name: str, value: object) -> str:
    """The value if it is a GUID, in lower case; raises a 400 otherwise."""
    if not isinstance(value, str) or not GUID.fullmatch(value):
        raise invalid(Violation(name, "value is not a valid GUID", "FORMAT", data={"type": "GUID"}))
    return value.lower()


def whole(call: Call, name: str, default: int, low: int, high: int | None) -> int:
    """A whole number from the query within its limits; raises a 400 otherwise."""
    text = call.first(name)
    if text is None:
        return default
    try:
        value = int(text)
    except ValueError as cause:
        raise invalid(Violation(name, "is not a whole number", "FORMAT")) from cause
    if value < low:
        raise invalid(
            Violation(name, f"must be greater than or equal to {low}", "MIN", data={"threshold": low})
        )
    if high is not None and value > high:
        raise invalid(
            Violation(name, f"must be less than or equal to {high}", "MAX", data={"threshold": high})
        )
    return value


def number(name: str, value: object, low: float | None = None, high: float | None = None) -> Found:
    """Violations of a finite number, or null, within its limits."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield Violation(name, "must be a number", "FORMAT")
    elif not math.isfinite(value):
        yield Violation(name, "must be a finite number", "FORMAT")
    elif low is not None and value < low:
        yield Violation(name, f"must be greater than or equal to {low:g}", "MIN", data={"threshold": low})
    elif high is not None and value > high:
        yield Violation(name, f"must be less than or equal to {high:g}", "MAX", data={"threshold": high})


def integer(name: str, value: object, low: int | None = None, high: int | None = None) -> Found:
    """Violations of a whole number, or null, within its limits."""
    if (
        value is not None
        and not (isinstance(value, float) and value.is_integer())
        and (isinstance(value, bool) or not isinstance(value, int))
    ):
        yield Violation(name, "must be a whole number", "FORMAT")
    else:
        yield from number(name, value, low, high)


def text(name: str, value: object, longest: int | None = None) -> Found:
    """Violations of a string, or null."""
    if value is None:
        return
    if not isinstance(value, str):
        yield Violation(name, "must be a string", "FORMAT")
    elif longest is not None and len(value) > longest:
        yield Violation(
            name, f"has a length of more than {longest}", "MAX_LENGTH", data={"threshold": longest}
        )


def mapping(name: str, value: object) -> Found:
    """Violations of an object, or null."""
    if value is not None and not isinstance(value, dict):
        yield Violation(name, "must be an object", "FORMAT")


def strings(name: str, value: object, most: int | None = None, longest: int | None = None) -> Found:
    """Violations of a list of strings, or null."""
    if value is None:
        return
    if not isinstance(value, list):
        yield Violation(name, "must be an array", "FORMAT")
        return
    if most is not None and len(value) > most:
        yield Violation(name, f"has a size of more than {most}", "MAX_SIZE", data={"threshold": most})
    for index, entry in enumerate(value):
        if not isinstance(entry, str):
            yield Violation(f"{name}[{index}]", "must be a string", "FORMAT")
        else:
            yield from text(f"{name}[{index}]", entry, longest)


def required(name: str, value: object) -> Found:
    """A violation when the value is absent, null or an empty string."""
    if value is None or value == "":
        yield Violation(name, "must not be empty", "REQUIRED_FIELD")


def all_of(found: Found) -> None:
    """Raise one 400 with every violation, if there is any."""
    if violations := list(found):
        raise invalid(*violations)


def part(body: dict[str, Any], name: str) -> dict[str, Any]:
    """A required object of the body; raises a 400 otherwise."""
    value = body.get(name)
    all_of([*required(name, value), *mapping(name, value)])
    assert isinstance(value, dict)  # noqa: S101 - checked in the line above
    return value


def id_list(name: str, value: object, *, low: int, high: int) -> list[str]:
    """A list of ids within its size limits; raises a 400 otherwise."""
    all_of([*required(name, value), *strings(name, value, high, 1000)])
    ids: list[str] = value if isinstance(value, list) else []
    if len(ids) < low:
        raise invalid(Violation(name, f"has a size of less than {low}", "MIN_SIZE", data={"threshold": low}))
    return ids


def same(name: str, path_value: str, other: object) -> None:
    """An id of the path that comes again in the body or the query must be the same; 400 otherwise."""
    if other is not None and str(other).lower() != path_value.lower():
        raise invalid(Violation(name, f"does not match {path_value} in the path", "OTHER"))
