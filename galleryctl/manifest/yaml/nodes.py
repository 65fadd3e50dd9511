"""Values of a YAML file, each with its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from galleryctl.model.errors import Problem
from galleryctl.model.fields import Json
from galleryctl.model.position import SourcePosition


class YamlNode(NamedTuple):
    """A value and where it stands; line and column from 1."""

    value: Json
    line: int
    column: int
    parts: Mapping[str, YamlNode] | None = None
    """The values of a mapping."""
    items: tuple[YamlNode, ...] | None = None
    """The elements of a sequence."""
    keys: Mapping[str, tuple[int, int]] | None = None
    """Where each key of a mapping stands."""
    raw: str | None = None
    """How a scalar that is no text was written."""
    hidden: bool = False
    """The value came from the environment: never show it."""

    def part(self, name: str) -> YamlNode | None:
        """The value under a key; None when it is not there, or this is no mapping."""
        return None if self.parts is None else self.parts.get(name)

    def has_hidden_values(self) -> bool:
        """Whether anything in it came from the environment."""
        children = (*(self.parts or {}).values(), *(self.items or ()))
        return self.hidden or any(child.has_hidden_values() for child in children)


class YamlDocument(NamedTuple):
    """A file as it was read; `root` is None when it cannot be read at all."""

    file: str
    root: YamlNode | None
    problems: tuple[Problem, ...]

    def at(self, node: YamlNode) -> SourcePosition:
        """The place of a value of this file."""
        return SourcePosition(self.file, node.line, node.column)

    def at_key(self, node: YamlNode, key: str) -> SourcePosition:
        """The place of a key of a mapping of this file; the mapping's when it is not there."""
        line, column = (node.keys or {}).get(key, (node.line, node.column))
        return SourcePosition(self.file, line, column)
