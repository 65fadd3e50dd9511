"""Read the members of the forge's answers; a missing or odd one is an error of the forge, not a traceback."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from galleryctl.forge.errors import ForgeError
from galleryctl.model.fields import Json


def object_of(value: Json, call: str) -> Mapping[str, Json]:
    """Return the JSON object. Raises ForgeError."""
    if not isinstance(value, Mapping):
        raise ForgeError("the response is not an object", call=call)
    return value


def text_of(value: Json, *path: str) -> str:
    """Return the string at a path of names, "" if there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else ""


def age_of(value: Json, now: float | None) -> float | None:
    """Return the seconds since `created_at`, None if it or the time of the forge, in epoch seconds, is not known."""
    try:
        created = datetime.fromisoformat(text_of(value, "created_at"))
    except ValueError:
        return None
    return None if now is None or created.tzinfo is None else now - created.timestamp()


def number_of(value: Json, name: str, call: str) -> int:
    """Return the positive integer in a member. Raises ForgeError."""
    number = value.get(name) if isinstance(value, Mapping) else None
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise ForgeError(f"the response has no number {name}", call=call)
    return number
