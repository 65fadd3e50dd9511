"""Differences between two versions of a file, as `fmt`, `expand` and `drift --accept` print them."""

from __future__ import annotations

import difflib


def unified_diff(name: str, before: str, after: str) -> str:
    """Return the changes of a file as a unified diff, "" if there are none."""
    lines = difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), name, name)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
