"""Checks that galleryctl does not write elsewhere through symbolic links in a cloned repository."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from galleryctl.model.errors import GalleryctlError

GALLERYCTL_FOLDER = ".galleryctl"
"""The folder in a workspace for local state, journals and the data of the embedded emulator."""
STATE_SUFFIXES = (".lock", ".lock.json", ".versions", ".history")
"""Suffixes of what is beside the file of a state."""


def is_outside(root: Path, path: Path) -> bool:
    """Return True if `path` is below `root` by its name, but outside once links are resolved."""
    if not os.path.abspath(path).startswith(os.path.join(os.path.abspath(root), "")):  # noqa: PTH100, PTH118 - pathlib has none that follows no links
        return False
    return _leaves(root, path)


def ensure_inside(root: Path, path: Path) -> Path:
    """Return `path` if it may be written. Raises GalleryctlError if a link below `root` points outside."""
    if is_outside(root, path):
        raise GalleryctlError(
            "nothing was written: a symbolic link points outside the workspace",
            where=path,
            do="remove the link, or specify the path it points to",
        )
    return path


def find_stray_links(root: Path, locations: Iterable[str]) -> Iterator[Path]:
    """Yield links that point elsewhere, among the paths that galleryctl writes: its folder and the states.

    The folder, and a state, may be a link to a place in the workspace. Any other link must lead to a place in the folder
    that it is in: a journal must not be written to `.git`, or over a manifest.
    """
    names = [root / location for location in locations]
    targets = [root / name.resolve().relative_to(root.resolve()) for name in names if _is_link_inside(root, name)]
    states = [Path(f"{path}{part}") for path in (*names, *targets) for part in ("", *STATE_SUFFIXES)]
    for top in dict.fromkeys((root / GALLERYCTL_FOLDER, *states)):
        if outside := next((path for path in (top.parent, top) if is_outside(root, path)), None):
            yield outside
            continue
        if top.name != GALLERYCTL_FOLDER and top not in names and _leaves(top.parent, top):
            yield top
            continue
        yield from (path for path in _find_links(top) if path not in names and _leaves(top, path))


def _leaves(folder: Path, path: Path) -> bool:
    """Return True if `path`, which is in the folder by its name, is not once links are resolved."""
    try:
        return not path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        return True  # a loop of links


def _is_link_inside(root: Path, path: Path) -> bool:
    try:
        return path.is_symlink() and not is_outside(root, path)
    except OSError:
        return False  # the name is too long, or not readable: reported when the file is read


def _find_links(folder: str | Path) -> Iterator[Path]:
    """Yield all links below a folder; every command does this, so entries are listed without further system calls."""
    try:
        entries = os.scandir(folder)
    except OSError:
        return  # missing, a file, or not readable
    with entries:
        for entry in entries:
            if entry.is_symlink():
                yield Path(entry.path)
            elif entry.is_dir(follow_symlinks=False):
                yield from _find_links(entry.path)
