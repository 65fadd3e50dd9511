"""A reader of untrusted JSON that collects all problems, each with its path in the document."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from galleryctl.model.address import Address
from galleryctl.model.errors import Problem
from galleryctl.model.fields import Json

MAX_JSON_DEPTH = 50
"""The most levels of a value: far more than any field has, far fewer than would exhaust the stack."""

MAX_SAFE_INTEGER = 2**53 - 1
"""The largest integer that every JSON tool preserves."""

_T = TypeVar("_T")
_E = TypeVar("_E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class JsonNode:
    """A value and its path in the document. Each method that finds a problem adds it and returns a harmless default."""

    value: Json
    path: str
    problems: list[Problem]

    def add_problem(self, message: str) -> None:
        """Add a problem at this path."""
        self.problems.append(Problem(at=None, message=f"{self.path or 'the plan'}: {message}"))

    def object_with(self, names: Iterable[str]) -> Mapping[str, JsonNode]:
        """Return the members of an object that must have exactly these names."""
        expected = tuple(names)
        if not isinstance(self.value, Mapping):
            self.add_problem("is not an object")
            return {name: JsonNode(None, self._child_path(name), []) for name in expected}
        missing = [f"{name} is missing" for name in expected if name not in self.value]
        for problem in (*missing, *(f"unknown member {name}" for name in self.value if name not in expected)):
            self.add_problem(problem)
        return {
            # A missing member is one problem; those of its default are discarded.
            name: JsonNode(self.value.get(name), self._child_path(name), self.problems if name in self.value else [])
            for name in expected
        }

    def members(self) -> Iterator[tuple[str, JsonNode]]:
        """Yield the members of an object with any names."""
        if not isinstance(self.value, Mapping):
            self.add_problem("is not an object")
            return
        names: Iterable[object] = self.value
        for name in names:
            if isinstance(name, str):
                yield name, JsonNode(self.value[name], self._child_path(name), self.problems)
            else:
                self.add_problem("has a member whose name is not a string")

    def array(self) -> Iterator[JsonNode]:
        """Yield the elements of an array."""
        if not isinstance(self.value, list | tuple):
            self.add_problem("is not an array")
            return
        for i, value in enumerate(self.value):
            yield JsonNode(value, f"{self.path}[{i}]", self.problems)

    def optional(self, read: Callable[[JsonNode], _T]) -> _T | None:
        """Return None for null, else the result of `read`."""
        return None if self.value is None else read(self)

    def string(self) -> str:
        """Return a string."""
        if isinstance(self.value, str):
            return self.value
        self.add_problem("is not a string")
        return ""

    def integer(self) -> int:
        """Return an integer from 0 to `MAX_SAFE_INTEGER`; JSON tools may write it with a `.0`."""
        match self.value:
            case bool():
                pass  # Python counts True and False as integers
            case int() | float() as value if 0 <= value <= MAX_SAFE_INTEGER and value == int(value):
                return int(value)
        self.add_problem(f"is not an integer from 0 to {MAX_SAFE_INTEGER}")
        return 0

    def number(self) -> float:
        """Return a finite number."""
        match self.value:
            case bool():
                pass
            case int() | float() as value if abs(value) <= sys.float_info.max:
                return float(value)
        self.add_problem("is not a finite number")
        return 0.0

    def one_of(self, choices: type[_E]) -> _E:
        """Return a value of an enumeration."""
        if isinstance(self.value, str) and self.value in tuple(choices):
            return choices(self.value)
        self.add_problem(f"is not one of {', '.join(choices)}")
        return next(iter(choices))

    def address(self) -> Address:
        """Return the address that a string holds."""
        try:
            return Address.parse(self.string())
        except ValueError:
            self.add_problem("is not a valid address; use GALLERY or GALLERY/ITEM")
            return Address("unreadable")

    def addresses(self) -> frozenset[Address]:
        """Return the addresses in an array without duplicates."""
        addresses = [element.address() for element in self.array()]
        if len(set(addresses)) < len(addresses):
            self.add_problem("contains a duplicate address")
        return frozenset(addresses)

    def json(self, levels: int = MAX_JSON_DEPTH) -> Json:
        """Return any JSON value, with tuples instead of lists as in canonical values."""
        value = self.value
        if isinstance(value, Mapping | list | tuple) and not levels:
            self.add_problem("is nested too deeply")
        elif isinstance(value, Mapping):
            return {name: member.json(levels - 1) for name, member in self.members()}
        elif isinstance(value, list | tuple):
            return tuple([element.json(levels - 1) for element in self.array()])
        elif value is None or isinstance(value, bool | str):
            return value
        elif isinstance(value, int | float):
            self.number()
            return value
        else:
            self.add_problem("is not a JSON value")
        return None

    def _child_path(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


def parse_plan_json(text: str) -> Json:
    """Parse JSON.

    Raises ValueError also for JSON that parsers read differently: duplicate names in an object, NaN and Infinity.
    """
    try:
        value: Json = json.loads(text, object_pairs_hook=_unique_members, parse_constant=_reject_constant)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    return value


def _unique_members(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) < len(pairs):
        duplicate = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise ValueError(f"duplicate name {duplicate!r:.60} in an object")
    return members


def _reject_constant(name: str) -> Json:
    raise ValueError(f"{name} is not a JSON number")
