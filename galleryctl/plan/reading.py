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

DEEPEST = 50
"""How many levels a value may have: far more than any field, far fewer than would exhaust the stack."""

LARGEST = 2**53 - 1
"""The largest whole number that every JSON tool keeps as it is."""

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Node:
    """A value at its path in the document. Each reader returns a harmless default when it notes a problem."""

    value: Json
    path: str
    problems: list[Problem]

    def wrong(self, message: str) -> None:
        """Note a problem here."""
        self.problems.append(Problem(at=None, message=f"{self.path or 'the plan'}: {message}"))

    def object(self, names: Iterable[str]) -> Mapping[str, Node]:
        """The members of an object that has exactly these."""
        wanted = tuple(names)
        members = self.value if isinstance(self.value, Mapping) else None
        if members is None:
            self.wrong("is no object")
            return {name: Node(None, self._below(name), []) for name in wanted}
        for name in wanted:
            if name not in members:
                self.wrong(f"{name} is missing")
        for name in members:
            if name not in wanted:
                self.wrong(f"{name} is not known here")
        return {
            # What is missing has been noted once; the default's own problems go nowhere.
            name: Node(members.get(name), self._below(name), self.problems if name in members else [])
            for name in wanted
        }

    def members(self) -> Iterator[tuple[str, Node]]:
        """The members of an object with any names."""
        if not isinstance(self.value, Mapping):
            self.wrong("is no object")
            return
        names: Iterable[object] = self.value
        for name in names:
            if isinstance(name, str):
                yield name, Node(self.value[name], self._below(name), self.problems)
            else:
                self.wrong("has a member whose name is no string")

    def array(self) -> Iterator[Node]:
        """The elements of an array."""
        if not isinstance(self.value, list | tuple):
            self.wrong("is no array")
            return
        for i, value in enumerate(self.value):
            yield Node(value, f"{self.path}[{i}]", self.problems)

    def optional(self, read: Callable[[Node], T]) -> T | None:
        """What `read` makes of it, None for null."""
        return None if self.value is None else read(self)

    def text(self) -> str:
        """A string."""
        if isinstance(self.value, str):
            return self.value
        self.wrong("is no string")
        return ""

    def whole(self) -> int:
        """An integer from 0 to `LARGEST`; JSON tools may write it with a `.0`."""
        value = self.value
        if not isinstance(value, int | float) or isinstance(value, bool):
            self.wrong("is no whole number")
        elif 0 <= value <= LARGEST and value == int(value):
            return int(value)
        else:
            self.wrong(f"is no whole number from 0 to {LARGEST}")
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
        self.wrong("is no finite number")
        return 0.0

    def one_of(self, choices: type[E]) -> E:
        """A value of an enumeration."""
        if isinstance(self.value, str) and self.value in tuple(choices):
            return choices(self.value)
        self.wrong(f"is none of {', '.join(choices)}")
        return next(iter(choices))

    def address(self) -> Address:
        """An address as text."""
        try:
            return Address.parse(self.text())
        except ValueError:
            self.wrong("is no address; write GALLERY or GALLERY/ITEM")
            return Address("unreadable")

    def addresses(self) -> frozenset[Address]:
        """An array of addresses, none twice."""
        found = [element.address() for element in self.array()]
        if len(set(found)) < len(found):
            self.wrong("names one address twice")
        return frozenset(found)

    def json(self, levels: int = DEEPEST) -> Json:
        """Any JSON value, its lists as tuples, as canonical values have them."""
        value = self.value
        if isinstance(value, Mapping | list | tuple) and not levels:
            self.wrong("is nested too deeply")
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
            self.wrong("is nothing that JSON has")
        return None

    def _below(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


def parse(text: str) -> Json:
    """The JSON value that `text` writes.

    Raises ValueError for anything else, and for what readers of JSON take differently: a name that stands twice in an
    object, NaN and Infinity.
    """
    try:
        value: Json = json.loads(text, object_pairs_hook=_members, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return value


def _members(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) < len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise ValueError(f"{twice!r:.60} stands twice in one object")
    return members


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON number")
