"""Links that came with somebody's files: through none of them galleryctl writes outside of the workspace."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from galleryctl.model.errors import GalleryctlError

GALLERYCTL_FOLDER = ".galleryctl"
"""The workspace's own folder: local state, journals, the embedded emulator's data."""
_STATE_SUFFIXES = ("", ".lock", ".lock.json", ".versions")
"""How the names go on of what lies beside a state; the first is the state."""


def is_outside(root: Path, path: Path) -> bool:
    """Whether `path`, which is written as one below `root`, is elsewhere once its links are followed."""
    if not os.path.abspath(path).startswith(os.path.join(os.path.abspath(root), "")):  # noqa: PTH100, PTH118 - pathlib has none that follows no links
        return False
    try:
        return not path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):
        return True  # in a circle


def ensure_inside(root: Path, path: Path) -> Path:
    """`path`, to be written. Raises GalleryctlError when it is written as one below `root` and a link leads out."""
    if is_outside(root, path):
        raise GalleryctlError(
            "nothing was written: a link leads out of the workspace",
            where=path,
            do="remove the link, or name the place where it leads",
        )
    return path


def find_links_outside(root: Path, locations: Iterable[str]) -> Iterator[Path]:
    """What leads out of the workspace of that which galleryctl writes by itself: its folder and states at `locations`."""
    states = [root / f"{location}{part}" for location in locations for part in _STATE_SUFFIXES]
    for top in dict.fromkeys((root / GALLERYCTL_FOLDER, *states)):
        if led := next((path for path in (top.parent, top) if is_outside(root, path)), None):
            yield led
            continue
        yield from (path for path in _find_links(top) if is_outside(root, path))


def _find_links(folder: str | Path) -> Iterator[Path]:
    """Every link in a folder and those below it; each command looks, so what is listed is not asked for once more."""
    try:
        entries = os.scandir(folder)
    except OSError:
        return  # it is not there, is a file, or may not be listed
    with entries:
        for entry in entries:
            if entry.is_symlink():
                yield Path(entry.path)
            elif entry.is_dir(follow_symlinks=False):
                yield from _find_links(entry.path)
