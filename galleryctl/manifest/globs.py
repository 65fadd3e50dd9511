"""The files that `from` finds, in order."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import NamedTuple

from galleryctl.manifest.captions import UnreadableCaptionError, read_captions
from galleryctl.manifest.files import BadFileError, Tree
from galleryctl.manifest.filetypes import video_by_name
from galleryctl.manifest.nodes import Node
from galleryctl.manifest.values import word
from galleryctl.model.media import Kind

SIDECARS = (".xmp", ".yaml", ".yml")


class Found(NamedTuple):
    """A file that a pattern found."""

    path: str
    kind: Kind


def find_files(entry: Node, tree: Tree) -> tuple[Found, ...]:
    """The pictures and videos that the entry's patterns find, each once, in its order. Raises BadFileError."""
    node = entry.parts["from"] if entry.parts else entry
    patterns = [item.value for item in node.items] if node.items is not None else [node.value]
    paths: dict[str, None] = {}
    for pattern in patterns:
        if not isinstance(pattern, str):
            continue
        found = [path for path in tree.find(pattern) if not path.lower().endswith(SIDECARS)]
        if not found:
            raise BadFileError(f"{pattern} finds no file")
        paths.update(dict.fromkeys(sorted(found, key=natural)))
    ordered = list(paths)
    if word(entry, "order") == "captured":
        times = {path: _captured(tree, path) for path in ordered}
        ordered.sort(key=lambda path: (not times[path], times[path], natural(PurePosixPath(path).name)))
    else:
        ordered.sort(key=natural)
    return tuple(Found(path, Kind.VIDEO if video_by_name(path) else Kind.IMAGE) for path in ordered)


def natural(path: str) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """A sort key in which `img2` stands before `img10`; names that differ only in case or zeros keep an order."""
    pieces = re.findall(r"[0-9]+|[^0-9]+", path)
    parts = tuple((0, int(p), "") if p.isdecimal() and len(p) < 100 else (1, 0, p.casefold()) for p in pieces)  # noqa: PLR2004
    return parts, path


def _captured(tree: Tree, path: str) -> str:
    try:
        if video_by_name(path):
            return ""
        with tree.opened(tree.checked(path)) as picture:
            return read_captions(picture).captured
    except (UnreadableCaptionError, BadFileError):
        return ""  # told where the file itself is read
