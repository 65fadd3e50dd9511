"""Finds the files for a `from` entry, in order."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import NamedTuple

from galleryctl.manifest.captions import UnreadableCaptionError, read_captions
from galleryctl.manifest.files.filetypes import video_mime_type
from galleryctl.manifest.files.tree import WorkspaceFileError, WorkspaceFiles
from galleryctl.manifest.values import get_string
from galleryctl.manifest.yaml.nodes import YamlNode
from galleryctl.model.media import Kind

_SIDECAR_SUFFIXES = (".xmp", ".yaml", ".yml")


class FoundFile(NamedTuple):
    """A file that matches a pattern."""

    path: str
    kind: Kind


def find_files(entry: YamlNode, workspace_files: WorkspaceFiles) -> tuple[FoundFile, ...]:
    """Return the images and videos that match the entry's patterns, without duplicates, in the entry's order.

    Raises WorkspaceFileError if a pattern matches nothing.
    """
    node = entry.parts["from"] if entry.parts else entry
    patterns = [item.value for item in node.items] if node.items is not None else [node.value]
    paths: dict[str, None] = {}
    for pattern in patterns:
        if not isinstance(pattern, str):
            continue
        found = [path for path in workspace_files.glob(pattern) if not path.lower().endswith(_SIDECAR_SUFFIXES)]
        if not found:
            raise WorkspaceFileError(f"{pattern} matches no files")
        paths.update(dict.fromkeys(sorted(found, key=natural_sort_key)))
    ordered = list(paths)
    if get_string(entry, "order") == "captured":
        times = {path: _capture_time(workspace_files, path) for path in ordered}
        ordered.sort(key=lambda path: (not times[path], times[path], natural_sort_key(PurePosixPath(path).name)))
    else:
        ordered.sort(key=natural_sort_key)
    return tuple(FoundFile(path, Kind.VIDEO if video_mime_type(path) else Kind.IMAGE) for path in ordered)


def natural_sort_key(path: str) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """Return a sort key that puts `img2` before `img10`; the path itself decides between `img2` and `IMG02`."""
    pieces = re.findall(r"[0-9]+|[^0-9]+", path)
    parts = tuple((0, int(p), "") if p.isdecimal() and len(p) < 100 else (1, 0, p.casefold()) for p in pieces)  # noqa: PLR2004
    return parts, path


def _capture_time(workspace_files: WorkspaceFiles, path: str) -> str:
    try:
        if video_mime_type(path):
            return ""
        with workspace_files.open(workspace_files.existing_path(path)) as image:
            return read_captions(image).captured
    except (UnreadableCaptionError, WorkspaceFileError):
        return ""  # reported when the file itself is read
