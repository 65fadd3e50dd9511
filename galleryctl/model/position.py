"""Where a value stands in a file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class SourcePosition:
    """A place in a file of the workspace: its path relative to the workspace, line and column from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        """`file:line:column`, as compilers write it and editors jump to it."""
        return f"{self.file}:{self.line}:{self.column}"
