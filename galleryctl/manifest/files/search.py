"""The files below a folder whose paths match a pattern, through no link that leads out of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

_ANY_DEPTH = "**"


def find_matching_files(root: Path, segments: Sequence[str], check_link: Callable[[Path], object]) -> Iterator[Path]:
    """The files below `root` that match, one step a name, `**` for any folders that are no links; none that is hidden.

    `check` is called for each link to a folder that a step would enter: what it raises ends the search, before a name
    from there is read. Raises OSError where a folder cannot be read, ValueError for a `**` within a name.
    """
    if any(_ANY_DEPTH in step and step != _ANY_DEPTH for step in segments):
        raise ValueError("** stands for whole names")
    left: dict[tuple[Path, int], None] = {(root, 0): None}
    seen: set[tuple[Path, int]] = set()
    while left:
        folder, index = place = left.popitem()[0]
        seen.add(place)
        for path, next_index in _next_paths(folder, segments, index):
            if next_index == len(segments):
                if path.is_file():
                    yield path
            elif path.is_dir() and (path, next_index) not in seen:
                if path.is_symlink() and next_index > index:
                    check_link(path)
                left[path, next_index] = None


def _next_paths(folder: Path, segments: Sequence[str], index: int) -> Iterator[tuple[Path, int]]:
    """Where a step from the folder leads, and which step is the next from there."""
    step = segments[index]
    if step == _ANY_DEPTH and index + 1 < len(segments):
        yield folder, index + 1
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if step == _ANY_DEPTH:
                if entry.is_dir(follow_symlinks=False):
                    yield folder / entry.name, index
            elif fnmatchcase(entry.name, step):
                yield folder / entry.name, index + 1
