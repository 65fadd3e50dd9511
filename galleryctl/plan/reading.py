"""JSON from outside, read part by part: what does not fit is noted with its path, and reading goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import TypeVar

from galleryctl.model.address import Address
from galleryctl.model.errors import Problem
from galleryctl.model.fields import Json

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
        self.problems.append(Problem(at=None, message=f"{self.path or 'the document'}: {message}"))

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
        for name, value in self.value.items():
            yield str(name), Node(value, self._below(str(name)), self.problems)

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
        """An integer from 0."""
        if isinstance(self.value, int) and not isinstance(self.value, bool) and self.value >= 0:
            return self.value
        self.wrong("is no whole number from 0")
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
        except ValueError as error:
            self.wrong(str(error))
            return Address("unreadable")

    def json(self) -> Json:
        """Any value, its lists as tuples, as canonical values have them."""
        return frozen(self.value)

    def _below(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


def frozen(value: Json) -> Json:
    """`value` with tuples for its lists."""
    if isinstance(value, Mapping):
        return {name: frozen(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return tuple(frozen(part) for part in value)
    return value
