"""The names in the folders of a workspace, as the disk spells them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from posixpath import join, split

from galleryctl.manifest.files.search import composed


class FolderNames:
    """The names in the folders below a root. Each folder is read once; one that cannot be read has none."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._names: dict[str, frozenset[str]] = {}
        self._composed: dict[str, Mapping[str, str]] = {}

    def names_in(self, folder: str) -> frozenset[str]:
        """Return the names in a folder; "" is the root."""
        if folder not in self._names:
            try:
                self._names[folder] = frozenset(os.listdir(self._root / folder))  # noqa: PTH208 - names are all that is needed
            except OSError:
                self._names[folder] = frozenset()
        return self._names[folder]

    def exists(self, path: str) -> bool:
        """Return True if a normalized path exists, in any of the spellings of Unicode."""
        folder, name = split(self.as_on_disk(path))
        return name in self.names_in(folder)

    def as_on_disk(self, path: str) -> str:
        """Return a normalized path with the names as the disk has them: NFC and NFD are two spellings of one name."""
        if path.isascii():
            return path
        found = ""
        for name in path.split("/"):
            is_spelled = name.isascii() or name in self.names_in(found)
            found = join(found, name if is_spelled else self._composed_names(found).get(composed(name), name))
        return found

    def other_case(self, path: str) -> str:
        """Return the name on disk that differs from one in the path by case alone; "" if all are spelled as on disk."""
        folder = ""
        for name in path.split("/"):
            names = self.names_in(folder)
            if name not in names:
                return next((other for other in names if other.lower() == name.lower()), name)
            folder = join(folder, name)
        return ""

    def _composed_names(self, folder: str) -> Mapping[str, str]:
        if folder not in self._composed:
            self._composed[folder] = {composed(name): name for name in sorted(self.names_in(folder), reverse=True)}
        return self._composed[folder]
