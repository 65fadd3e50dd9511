"""The strict reader of the JSON documents that galleryctl writes: plan, state, journal, lock, envelope, events.

`parse_json` accepts only text that all JSON parsers interpret in the same way. Readers check the value:

    read_photos = mapping(key, record(Photo, id=string, tags=array(string)))
    read_photos({"a": {"id": "x", "tags": []}})   → {"a": Photo(id="x", tags=())}
    read_photos({"a": {"id": 3, "tags": []}})     → InvalidDocumentError: a.id is not a string
"""

from __future__ import annotations

import base64
import json
import math
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NoReturn, TypeGuard, TypeVar

from galleryctl.model.address import KEY_PATTERN, Address
from galleryctl.model.fields import Json

MAX_DEPTH = 64
"""The most levels of nesting: far more than any document has, far fewer than would exhaust the stack."""

MAX_SAFE_INTEGER = 2**53 - 1
"""The largest integer that every JSON tool preserves."""

_T = TypeVar("_T")
_K = TypeVar("_K")
Reader = Callable[[Json], _T]
"""A function that returns the value of a document's part, or raises InvalidDocumentError."""


class InvalidDocumentError(ValueError):
    """A document with a wrong value; the message is its path and a predicate such as "is not a string"."""

    def __init__(self, predicate: str) -> None:
        super().__init__(predicate)
        self.path = ""

    def __str__(self) -> str:
        return f"{self.path.removeprefix('.') or 'the document'} {self.args[0]}"

    def within(self, step: str | int) -> InvalidDocumentError:
        """Return the error with the member or the index that led to it as the first step of its path."""
        self.path = (f"[{step}]" if isinstance(step, int) else f".{step}") + self.path
        return self


class UnsupportedVersionError(ValueError):
    """A document in a format of another version of galleryctl."""

    def __init__(self, version: int) -> None:
        super().__init__(f"unsupported version {version}, written by another version of galleryctl")
        self.version = version


def record(
    build: Callable[..., _T], extra: Mapping[str, Reader[Any]] | None = None, /, **readers: Reader[Any]
) -> Reader[_T]:
    """Return the reader of objects with exactly these members; `build` gets their values by name.

    Those in `extra` may be missing; then `build` does not get them.
    """
    known = {**readers, **(extra or {})}
    required = readers.keys()

    def read_record(value: Json) -> _T:
        members = _members(value)
        if members.keys() != required:
            for name in required - members.keys():
                _reject(f"has no member {name}")
            for unknown in members.keys() - known.keys():
                _reject(f"has the unknown member {unknown!r:.60}")
        parts: dict[str, Any] = {}
        for name, part in members.items():  # as in `_read_part`, for a state of many records
            try:
                parts[name] = known[name](part)
            except InvalidDocumentError as error:
                raise error.within(name) from None
        return build(**parts)

    return read_record


def tagged(tag: str, readers: Mapping[str, Reader[_T]]) -> Reader[_T]:
    """Return the reader of objects whose member `tag` selects the reader of the other members."""

    def read_tagged(value: Json) -> _T:
        members = dict(_members(value))
        return readers[_read_part(tag, members.pop(tag, None), one_of(readers))](members)

    return read_tagged


def versioned(name: str, readers: Mapping[int, Reader[_T]]) -> Reader[_T]:
    """Return the reader of documents whose member `name` is a format version, which selects the reader of the others.

    It raises UnsupportedVersionError for a version without a reader.
    """

    def read_versioned(value: Json) -> _T:
        members = dict(_members(value))
        version = _read_part(name, members.pop(name, None), integer)
        if version not in readers:
            raise UnsupportedVersionError(version)
        return readers[version](members)

    return read_versioned


def mapping(read_name: Reader[_K], read: Reader[_T]) -> Reader[dict[_K, _T]]:
    """Return the reader of objects with any names that `read_name` accepts."""

    def read_mapping(value: Json) -> dict[_K, _T]:
        parts: dict[_K, _T] = {}
        for name, part in _members(value).items():
            try:
                parts[read_name(name)] = read(part)
            except InvalidDocumentError as error:
                raise error.within(name) from None
        return parts

    return read_mapping


def array(read: Reader[_T]) -> Reader[tuple[_T, ...]]:
    """Return the reader of arrays."""
    return lambda value: tuple([_read_part(i, part, read) for i, part in enumerate(_elements(value))])


def optional(read: Reader[_T]) -> Reader[_T | None]:
    """Return the reader of null, or of what `read` reads."""
    return lambda value: None if value is None else read(value)


def one_of(choices: Iterable[_T]) -> Reader[_T]:
    """Return the reader of one of `choices`: an enumeration or strings."""
    options = {str(choice): choice for choice in choices}
    predicate = f"is not one of {', '.join(options)}"
    return lambda value: options[value] if isinstance(value, str) and value in options else _reject(predicate)


def string(value: Json) -> str:
    """Return a string."""
    return value if isinstance(value, str) else _reject("is not a string")


def utf8_string(value: Json) -> str:
    """Return a string that can be encoded as UTF-8: one that has no half of a surrogate pair."""
    text = string(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        _reject("contains half of a surrogate pair")
    return text


def matching(pattern: re.Pattern[str], description: str) -> Reader[str]:
    """Return the reader of strings that match `pattern` as a whole."""
    matches = pattern.fullmatch
    return lambda value: value if isinstance(value, str) and matches(value) else _reject(f"is not {description}")


def base64_bytes(value: Json) -> bytes:
    """Return the bytes that a string encodes in base64."""
    text = string(value)
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        _reject("is not valid base64")


def boolean(value: Json) -> bool:
    """Return True or False."""
    return value if isinstance(value, bool) else _reject("is not true or false")


def number(value: Json) -> float:
    """Return a finite number."""
    return float(value) if _is_number(value) else _reject("is not a finite number")


def integer_from(minimum: int, maximum: int) -> Reader[int]:
    """Return the reader of integers in a range; JSON tools may write them with a `.0`."""

    def read_integer(value: Json) -> int:
        if _is_number(value) and minimum <= value <= maximum and value == int(value):
            return int(value)
        _reject(f"is not an integer from {minimum} to {maximum}")

    return read_integer


integer = integer_from(0, MAX_SAFE_INTEGER)


def address(value: Json) -> Address:
    """Return the address in a string."""
    text = string(value)
    try:
        return Address.parse(text)
    except ValueError:
        _reject("is not a valid address; use GALLERY or GALLERY/ITEM")


key = matching(KEY_PATTERN, "a valid key")


def json_value(value: Json, levels: int = MAX_DEPTH) -> Json:
    """Return any JSON value, with tuples instead of lists as in canonical values."""
    if isinstance(value, dict | list | tuple):
        part = partial(json_value, levels=levels - 1) if levels else _reject("is nested too deeply")
        return mapping(string, part)(value) if isinstance(value, dict) else array(part)(value)
    valid = value is None or isinstance(value, bool | str) or _is_number(value)
    return value if valid else _reject("is not a JSON value")


def parse_json(content: str | bytes) -> Json:
    """Return the value in JSON text.

    Raises ValueError for invalid JSON and UTF-8 (JSONDecodeError, UnicodeDecodeError), and for what JSON parsers treat
    differently: duplicate names, NaN and Infinity, numbers beyond a double, more than `MAX_DEPTH` levels.
    """
    try:
        value: Json = json.loads(
            content if isinstance(content, str) else content.decode(),
            object_pairs_hook=_unique_members,
            parse_constant=_finite_float,
            parse_float=_finite_float,
            parse_int=_finite_int,
        )
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    if _is_deeper_than(value, MAX_DEPTH):
        raise ValueError("the JSON is nested too deeply")
    return value


def _unique_members(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) < len(pairs):
        duplicate = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise ValueError(f"duplicate name {duplicate!r:.60} in an object")
    return members


def _finite_float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"{digits:.20} is not a finite number")
    return value


def _finite_int(digits: str) -> int:
    _finite_float(digits)
    return int(digits)


def _is_deeper_than(value: Any, levels: int) -> bool:
    level = [value]
    for _ in range(levels + 1):
        containers = [part for part in level if type(part) is dict or type(part) is list]
        if not containers:
            return False
        level = [part for outer in containers for part in (outer.values() if type(outer) is dict else outer)]
    return True


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _read_part(step: str | int, value: Json, read: Reader[_T]) -> _T:
    """Return the value of a member or element; an error says which it is."""
    try:
        return read(value)
    except InvalidDocumentError as error:
        raise error.within(step) from None


def _members(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else _reject("is not an object")


def _elements(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list | tuple) else _reject("is not an array")


def _reject(predicate: str) -> NoReturn:
    raise InvalidDocumentError(predicate)
