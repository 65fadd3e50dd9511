"""Searches a folder for files that match a pattern, without following links that point outside."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from galleryctl.manifest.files.skipping import Skip, is_system_folder

_ANY_DEPTH = "**"
_PLACEHOLDER_NAME = re.compile(r"\.(.+)\.icloud|(.+)\.(?:nextcloud|owncloud)")
"""The placeholder of a file that a cloud keeps elsewhere; the file counts as found, and cannot be used."""


def find_matching_files(
    root: Path,
    segments: Sequence[str],
    check_link: Callable[[Path], object],
    on_skipped: Callable[[Path, Skip], object] = lambda _path, _why: None,
) -> Iterator[Path]:
    """Yield the files below `root` that match the path segments; `**` matches any depth. Hidden files never match.

    Whatever is not a folder counts as a file, also a link to nothing. The case of extensions is ignored. `**` does not
    enter linked folders. Other segments do, after a call of `check_link`, which raises to stop the search. `on_skipped` is
    called for what would match otherwise. Raises OSError if a folder cannot be read, ValueError for a `**` within a name.
    """
    if any(_ANY_DEPTH in segment and segment != _ANY_DEPTH for segment in segments):
        raise ValueError("** must be a whole path segment")
    pending: dict[tuple[Path, int], None] = {(root, 0): None}
    seen: set[tuple[Path, int]] = set()
    while pending:
        folder, index = step = pending.popitem()[0]
        seen.add(step)
        for path, next_index, is_folder in _next_paths(folder, segments, index, on_skipped):
            if next_index == len(segments):
                if not is_folder:
                    yield path
            elif is_folder and (path, next_index) not in seen:
                if next_index > index and path.is_symlink():
                    check_link(path)
                pending[path, next_index] = None


def _next_paths(
    folder: Path, segments: Sequence[str], index: int, on_skipped: Callable[[Path, Skip], object]
) -> Iterator[tuple[Path, int, bool]]:
    """Yield the paths that match the segment in the folder, each with the index of its next segment, and if it is a folder."""
    segment, is_last = segments[index], index + 1 == len(segments)
    if segment == _ANY_DEPTH and not is_last:
        yield folder, index + 1, True
    with os.scandir(folder) as entries:
        for entry in entries:
            evicted = _PLACEHOLDER_NAME.fullmatch(entry.name)
            name = (evicted[1] or evicted[2]) if evicted else entry.name
            path = folder / name
            if segment != _ANY_DEPTH and not matches_name(name, segment):
                continue
            is_folder = _is_folder(entry)
            if why := None if evicted else _skipped(entry, segment, is_folder=is_folder):
                if is_last or why is not Skip.HIDDEN:
                    on_skipped(path, why)
            elif segment != _ANY_DEPTH:
                yield path, index + 1, is_folder
            elif is_folder:
                yield path, index, True


def placeholder_names(name: str) -> tuple[str, ...]:
    """Return the names of the placeholders that clouds write for a file with this name: iCloud, Nextcloud, ownCloud."""
    return f".{name}.icloud", f"{name}.nextcloud", f"{name}.owncloud"


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Return True for a folder or a link to one; a link that cannot be followed counts as a file."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _skipped(entry: os.DirEntry[str], segment: str, *, is_folder: bool) -> Skip | None:
    """Return why an entry that matches a segment is left out, None if it is not."""
    if entry.name.startswith("."):
        return Skip.HIDDEN
    if is_folder and entry.name != segment and is_system_folder(entry.name):
        return Skip.SYSTEM
    return Skip.LINKED_FOLDER if segment == _ANY_DEPTH and is_folder and entry.is_symlink() else None


def matches_name(name: str, pattern: str) -> bool:
    """Return True if a name fits the segment of a pattern: the case of an extension, and NFC or NFD, make no difference."""
    name, pattern = composed(name), composed(pattern)
    if fnmatchcase(name, pattern):
        return True
    stem, dot, extension = pattern.rpartition(".")
    stem_of_name, _, extension_of_name = name.rpartition(".")
    if not dot or extension_of_name == extension_of_name.lower() == extension == extension.lower():
        return False
    return fnmatchcase(f"{stem_of_name}.{extension_of_name.lower()}", f"{stem}.{extension.lower()}")


def composed(text: str) -> str:
    """Return a path or a name in the form in which its two spellings in Unicode, NFC and NFD, are equal."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)
