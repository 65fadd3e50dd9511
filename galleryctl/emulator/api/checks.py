"""Checks of single JSON values; they yield violations, so that one 400 lists all of a request."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable
from itertools import chain
from typing import Any

from galleryctl.emulator.api.rejection import Violation, validation_error
from galleryctl.emulator.http import ServedRequest

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
Violations = Iterable[Violation]
MAX_ID_LENGTH = 1000
MAX_INT32 = 2**31 - 1  # offsets are 32-bit whole numbers


def check_guid(name: str, value: object) -> Violations:
    """Yield a violation unless the value is a GUID or null."""
    if value is not None and not (isinstance(value, str) and _GUID.fullmatch(value)):
        yield Violation(name, "value is not a valid GUID", "FORMAT", data={"type": "GUID"})


def query_integers(request: ServedRequest, **limits: tuple[int, int, int]) -> tuple[dict[str, int], list[Violation]]:
    """Return the whole numbers of the query and their violations; each limit is (default, lowest, highest)."""
    values, violations = {}, []
    for name, (default, low, high) in limits.items():
        text = request.query_value(name)
        try:
            values[name] = default if text is None else int(text)
        except ValueError:
            violations.append(Violation(name, "is not a whole number", "FORMAT"))
        else:
            violations += check_integer(name, values[name], low, high)
    return values, violations


def check_number(name: str, value: object, low: float | None = None, high: float | None = None) -> Violations:
    """Yield a violation unless the value is a finite number within the limits, or null."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield Violation(name, "must be a number", "FORMAT")
    elif not _is_finite(value):
        yield Violation(name, "must be a finite number", "FORMAT")
    elif low is not None and value < low:
        yield Violation(name, f"must be greater than or equal to {low:g}", "MIN", data={"threshold": low})
    elif high is not None and value > high:
        yield Violation(name, f"must be less than or equal to {high:g}", "MAX", data={"threshold": high})


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond the range of a double
        return False


def check_integer(name: str, value: object, low: int | None = None, high: int | None = None) -> Violations:
    """Yield a violation unless the value is a whole number within the limits, or null; 2.0 is a whole number."""
    is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if value is None or (is_whole and not isinstance(value, bool)):
        yield from check_number(name, value, low, high)
    else:
        yield Violation(name, "must be a whole number", "FORMAT")


def check_string(name: str, value: object, max_length: int | None = None) -> Violations:
    """Yield a violation unless the value is a string that is short enough, or null."""
    if value is None:
        return
    if not isinstance(value, str):
        yield Violation(name, "must be a string", "FORMAT")
    elif max_length is not None and len(value) > max_length:
        yield Violation(name, f"has a length of more than {max_length}", "MAX_LENGTH", data={"threshold": max_length})


def check_object(name: str, value: object) -> Violations:
    """Yield a violation unless the value is an object or null."""
    if value is not None and not isinstance(value, dict):
        yield Violation(name, "must be an object", "FORMAT")


def check_boolean(name: str, value: object) -> Violations:
    """Yield a violation unless the value is true, false or null."""
    if value is not None and not isinstance(value, bool):
        yield Violation(name, "must be true or false", "FORMAT")


def check_one_of(name: str, value: object, choices: Collection[str], rule_name: str = "") -> Violations:
    """Yield a violation unless the value is one of the choices, or null."""
    if value is not None and value not in choices:
        yield Violation(name, f"is not one of {', '.join(choices)}", "FORMAT", rule_name)


def check_array(name: str, value: object, max_items: int | None = None) -> Violations:
    """Yield a violation unless the value is an array of at most `max_items` entries, or null."""
    if value is not None and not isinstance(value, list):
        yield Violation(name, "must be an array", "FORMAT")
    elif value is not None and max_items is not None and len(value) > max_items:
        yield Violation(name, f"has a size of more than {max_items}", "MAX_SIZE", data={"threshold": max_items})


def check_strings(name: str, value: object, max_items: int | None = None, max_length: int | None = None) -> Violations:
    """Yield the violations of an array of strings, or null."""
    yield from check_array(name, value, max_items)
    for index, entry in enumerate(value if isinstance(value, list) else []):
        if not isinstance(entry, str):
            yield Violation(f"{name}[{index}]", "must be a string", "FORMAT")
        else:
            yield from check_string(f"{name}[{index}]", entry, max_length)


def check_objects(
    name: str, value: object, check: Callable[[str, dict[str, Any]], Violations], max_items: int | None = None
) -> Violations:
    """Yield the violations of an array of objects, or null; `check` gets the path and the value of each object."""
    yield from check_array(name, value, max_items)
    for index, entry in enumerate(value if isinstance(value, list) else []):
        if isinstance(entry, dict):
            yield from check(f"{name}[{index}]", entry)
        else:  # null, too: an entry of an array cannot be left out
            yield Violation(f"{name}[{index}]", "must be an object", "FORMAT")


def check_required(name: str, value: object) -> Violations:
    """Yield a violation if the value is absent, null or an empty string."""
    if value is None or value == "":
        yield Violation(name, "must not be empty", "REQUIRED_FIELD")


def raise_violations(*groups: Violations) -> None:
    """Raise one 400 with all violations, if there are any."""
    if violations := list(chain.from_iterable(groups)):
        raise validation_error(*violations)


def require_object(body: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a required object of the body; raises a 400 if it is absent or not an object."""
    value = body.get(name)
    raise_violations(check_required(name, value), check_object(name, value))
    assert isinstance(value, dict)  # noqa: S101 - checked in the line above
    return value


def check_id_list(name: str, value: object, *, low: int, high: int) -> Violations:
    """Yield the violations of a required list of `low` to `high` ids."""
    yield from check_required(name, value)
    yield from check_strings(name, value, high, MAX_ID_LENGTH)
    if isinstance(value, list) and len(value) < low:
        yield Violation(name, f"has a size of less than {low}", "MIN_SIZE", data={"threshold": low})


def check_guid_list(name: str, value: object, *, low: int, high: int) -> Violations:
    """Yield the violations of a required list of `low` to `high` GUIDs."""
    yield from check_id_list(name, value, low=low, high=high)
    for index, ident in enumerate(value if isinstance(value, list) else []):
        if isinstance(ident, str):
            yield from check_guid(f"{name}[{index}]", ident)


def check_same_id(name: str, path_value: str, other: object) -> Violations:
    """Yield a violation if an id that the body or the query repeats differs from the one in the path."""
    if other is not None and str(other).lower() != path_value.lower():
        yield Violation(name, f"does not match {path_value} in the path", "OTHER")
