"""Searches a folder for files that match a pattern, without following links that point outside."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

_ANY_DEPTH = "**"


def find_matching_files(root: Path, segments: Sequence[str], check_link: Callable[[Path], object]) -> Iterator[Path]:
    """Yield the files below `root` that match the path segments; `**` matches any depth. Hidden files never match.

    `**` does not enter linked folders. Other segments do, after a call of `check_link`, which raises to stop the
    search. Raises OSError if a folder cannot be read, ValueError for a `**` within a name.
    """
    if any(_ANY_DEPTH in segment and segment != _ANY_DEPTH for segment in segments):
        raise ValueError("** must be a whole path segment")
    pending: dict[tuple[Path, int], None] = {(root, 0): None}
    seen: set[tuple[Path, int]] = set()
    while pending:
        folder, index = step = pending.popitem()[0]
        seen.add(step)
        for path, next_index in _next_paths(folder, segments, index):
            if next_index == len(segments):
                if path.is_file():
                    yield path
            elif path.is_dir() and (path, next_index) not in seen:
                if path.is_symlink() and next_index > index:
                    check_link(path)
                pending[path, next_index] = None


def _next_paths(folder: Path, segments: Sequence[str], index: int) -> Iterator[tuple[Path, int]]:
    """Yield the paths that match the segment in the folder, each with the index of its next segment."""
    segment = segments[index]
    if segment == _ANY_DEPTH and index + 1 < len(segments):
        yield folder, index + 1
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if segment == _ANY_DEPTH:
                if entry.is_dir(follow_symlinks=False):
                    yield folder / entry.name, index
            elif fnmatchcase(entry.name, segment):
                yield folder / entry.name, index + 1
