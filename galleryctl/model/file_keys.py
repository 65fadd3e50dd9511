"""The keys of items that have the names of their files.

A key is the name of the file without its extension. If two files of a gallery would have the same key, the folders that
tell them apart come before it:

    canon/IMG_1.jpg, nikon/IMG_1.jpg, nikon/IMG_2.jpg     canon-IMG_1, nikon-IMG_1, IMG_2
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from posixpath import basename, dirname, splitext

from galleryctl.model.address import former_key_from_text, key_from_text

_Unit = tuple[str, str]
"""The files of a folder that have the same key: the folder and the key."""


def key_of_file(path: str, folders: int = 0) -> str:
    """Return the key that a file gives its item, with the names of `folders` folders; "" if the name has no letters."""
    stem, _ = splitext(basename(path))
    return key_from_text(" ".join((*dirname(path).split("/")[-folders:], stem)) if folders else stem)


def other_keys_of_file(path: str) -> tuple[str, ...]:
    """Return all keys that a file may have given its item: with and without folders, and by an older rule."""
    stem, _ = splitext(basename(path))
    keys = [key_of_file(path, folders) for folders in range(path.count("/") + 1)]
    return tuple(dict.fromkeys(filter(None, (*keys, former_key_from_text(stem)))))


def assign_file_keys(paths: Iterable[str], taken: Collection[str]) -> Mapping[str, str]:
    """Return the key of each file; two of them are equal only if no folders tell the files apart.

    `taken` are the keys of other items. The files of one folder that have the same key, such as a.jpg and a.png, keep it.
    """
    paths = list(paths)
    units = {path: (dirname(path), key_of_file(path)) for path in paths}
    folders = dict.fromkeys(units.values(), 0)
    keys = {path: key for path, (_, key) in units.items()}
    while more := _colliding(units, keys, taken, folders):
        folders |= {unit: folders[unit] + 1 for unit in more}
        keys |= {path: key_of_file(path, folders[unit]) for path, unit in units.items() if unit in more}
    return keys


def _colliding(
    units: Mapping[str, _Unit], keys: Mapping[str, str], taken: Collection[str], folders: Mapping[_Unit, int]
) -> set[_Unit]:
    """Return the units whose key another unit has, too, or is taken, and that have further folders."""
    by_key: dict[str, set[_Unit]] = defaultdict(set)
    for path, unit in units.items():
        by_key[keys[path]].add(unit)
    return {
        unit
        for key, members in by_key.items()
        if len(members) > 1 or key in taken
        for unit in members
        if folders[unit] < (unit[0].count("/") + 1 if unit[0] else 0)
    }
