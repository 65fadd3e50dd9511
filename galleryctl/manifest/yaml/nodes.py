"""Values of a YAML file with their positions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from galleryctl.model.errors import Problem
from galleryctl.model.fields import Json
from galleryctl.model.position import SourcePosition


class YamlNode(NamedTuple):
    """A value and its position; line and column count from 1."""

    value: Json
    line: int
    column: int
    parts: Mapping[str, YamlNode] | None = None
    """The values of a mapping."""
    items: tuple[YamlNode, ...] | None = None
    """The elements of a sequence."""
    keys: Mapping[str, tuple[int, int]] | None = None
    """The line and column of each key of a mapping."""
    raw: str | None = None
    """The source text of a scalar that is not a string."""
    hidden: bool = False
    """True if the value came from the environment: messages must not show it."""

    def part(self, name: str) -> YamlNode | None:
        """Return the value of a key; None if it is missing or this is not a mapping."""
        return None if self.parts is None else self.parts.get(name)

    def has_hidden_values(self) -> bool:
        """Return True if any part of the value came from the environment."""
        children = (*(self.parts or {}).values(), *(self.items or ()))
        return self.hidden or any(child.has_hidden_values() for child in children)


class Remark(NamedTuple):
    """A place beside an unquoted text that its author may have meant as a part of the text."""

    line: int
    column: int
    shown: str
    """The text as YAML reads it."""
    why: str
    """Why it is not the text that the file seems to have, and what to do."""


class YamlDocument(NamedTuple):
    """A parsed file; `root` is None if it cannot be read at all."""

    file: str
    root: YamlNode | None
    problems: tuple[Problem, ...]
    unresolved: frozenset[SourcePosition] = frozenset()
    """The positions of texts with variables that are not replaced: nothing is known about their values."""
    remarks: Mapping[tuple[int, int], Remark] = MappingProxyType({})
    """The remarks on unquoted texts, by line and column of the text."""

    def at(self, node: YamlNode) -> SourcePosition:
        """Return the position of a value of this file."""
        return SourcePosition(self.file, node.line, node.column)

    def at_key(self, node: YamlNode, key: str) -> SourcePosition:
        """Return the position of a mapping's key; of the mapping if it has no such key."""
        line, column = (node.keys or {}).get(key, (node.line, node.column))
        return SourcePosition(self.file, line, column)

    def is_unknown(self, node: YamlNode) -> bool:
        """Return True if the value, or a part of it, has a variable that is not replaced."""
        if not self.unresolved:
            return False
        children = (*(node.parts or {}).values(), *(node.items or ()))
        return self.at(node) in self.unresolved or any(map(self.is_unknown, children))
