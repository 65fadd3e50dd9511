"""JSON from outside, read part by part: what does not fit is noted with its path, and reading goes on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import TypeVar

from galleryctl.model.address import Address
from galleryctl.model.errors import Problem
from galleryctl.model.fields import Json

MAX_JSON_DEPTH = 50
"""How many levels a value may have: far more than any field, far fewer than would exhaust the stack."""

MAX_SAFE_INTEGER = 2**53 - 1
"""The largest whole number that every JSON tool keeps as it is."""

_T = TypeVar("_T")
_E = TypeVar("_E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class JsonNode:
    """A value at its path in the document. Each reader returns a harmless default when it notes a problem."""

    value: Json
    path: str
    problems: list[Problem]

    def add_problem(self, message: str) -> None:
        """Note a problem here."""
        self.problems.append(Problem(at=None, message=f"{self.path or 'the plan'}: {message}"))

    def object_with(self, names: Iterable[str]) -> Mapping[str, JsonNode]:
        """The members of an object that has exactly these."""
        wanted = tuple(names)
        members = self.value if isinstance(self.value, Mapping) else None
        if members is None:
            self.add_problem("is no object")
            return {name: JsonNode(None, self._child_path(name), []) for name in wanted}
        for name in wanted:
            if name not in members:
                self.add_problem(f"{name} is missing")
        for name in members:
            if name not in wanted:
                self.add_problem(f"{name} is not known here")
        return {
            # What is missing has been noted once; the default's own problems go nowhere.
            name: JsonNode(members.get(name), self._child_path(name), self.problems if name in members else [])
            for name in wanted
        }

    def members(self) -> Iterator[tuple[str, JsonNode]]:
        """The members of an object with any names."""
        if not isinstance(self.value, Mapping):
            self.add_problem("is no object")
            return
        names: Iterable[object] = self.value
        for name in names:
            if isinstance(name, str):
                yield name, JsonNode(self.value[name], self._child_path(name), self.problems)
            else:
                self.add_problem("has a member whose name is no string")

    def array(self) -> Iterator[JsonNode]:
        """The elements of an array."""
        if not isinstance(self.value, list | tuple):
            self.add_problem("is no array")
            return
        for i, value in enumerate(self.value):
            yield JsonNode(value, f"{self.path}[{i}]", self.problems)

    def optional(self, read: Callable[[JsonNode], _T]) -> _T | None:
        """What `read` makes of it, None for null."""
        return None if self.value is None else read(self)

    def string(self) -> str:
        """A string."""
        if isinstance(self.value, str):
            return self.value
        self.add_problem("is no string")
        return ""

    def integer(self) -> int:
        """An integer from 0 to `LARGEST`; JSON tools may write it with a `.0`."""
        value = self.value
        if not isinstance(value, int | float) or isinstance(value, bool):
            self.add_problem("is no whole number")
        elif 0 <= value <= MAX_SAFE_INTEGER and value == int(value):
            return int(value)
        else:
            self.add_problem(f"is no whole number from 0 to {MAX_SAFE_INTEGER}")
        return 0

    def number(self) -> float:
        """A finite number."""
        try:
            if isinstance(self.value, int | float) and not isinstance(self.value, bool):
                number = float(self.value)
                if isfinite(number):
                    return number
        except OverflowError:
            pass  # an integer beyond every float is as wrong as a string, and is noted below
        self.add_problem("is no finite number")
        return 0.0

    def one_of(self, choices: type[_E]) -> _E:
        """A value of an enumeration."""
        if isinstance(self.value, str) and self.value in tuple(choices):
            return choices(self.value)
        self.add_problem(f"is none of {', '.join(choices)}")
        return next(iter(choices))

    def address(self) -> Address:
        """An address as text."""
        try:
            return Address.parse(self.string())
        except ValueError:
            self.add_problem("is no address; write GALLERY or GALLERY/ITEM")
            return Address("unreadable")

    def addresses(self) -> frozenset[Address]:
        """An array of addresses, none twice."""
        found = [element.address() for element in self.array()]
        if len(set(found)) < len(found):
            self.add_problem("names one address twice")
        return frozenset(found)

    def json(self, levels: int = MAX_JSON_DEPTH) -> Json:
        """Any JSON value, its lists as tuples, as canonical values have them."""
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
            self.add_problem("is nothing that JSON has")
        return None

    def _child_path(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


def parse_plan_json(text: str) -> Json:
    """The JSON value that `text` writes.

    Raises ValueError for anything else, and for what readers of JSON take differently: a name that stands twice in an
    object, NaN and Infinity.
    """
    try:
        value: Json = json.loads(text, object_pairs_hook=_unique_members, parse_constant=_reject_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return value


def _unique_members(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) < len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise ValueError(f"{twice!r:.60} stands twice in one object")
    return members


def _reject_constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON number")
