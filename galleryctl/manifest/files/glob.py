"""Finds the files for a `from` entry, in order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import NamedTuple

from galleryctl.manifest.files.filetypes import video_mime_type
from galleryctl.manifest.files.tree import WorkspaceFileError, WorkspaceFiles
from galleryctl.manifest.photo_facts import FactsReader
from galleryctl.manifest.values import get_string
from galleryctl.manifest.yaml.nodes import YamlNode
from galleryctl.model.media import Kind
from galleryctl.photo.facts import CaptureTime

_SIDECAR_SUFFIXES = (".xmp", ".yaml", ".yml")


class FoundFile(NamedTuple):
    """A file that matches a pattern."""

    path: str
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFiles:
    """The files of an entry in its order; `undated` are those without a capture time, if that decides the order."""

    files: tuple[FoundFile, ...]
    undated: tuple[str, ...] = ()


def find_files(entry: YamlNode, workspace_files: WorkspaceFiles, read_facts: FactsReader) -> FoundFiles:
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
    ordered, undated = _sort_files(paths, get_string(entry, "order") or "name", read_facts)
    files = (FoundFile(path, Kind.VIDEO if video_mime_type(path) else Kind.IMAGE) for path in ordered)
    return FoundFiles(files=tuple(files), undated=tuple(undated))


def _sort_files(paths: Iterable[str], order: str, read_facts: FactsReader) -> tuple[list[str], list[str]]:
    """Return the paths in an order, and those without a capture time if it is by that; they come last."""
    is_reversed = order.startswith("-")
    if order.removeprefix("-") != "captured":
        return sorted(paths, key=natural_sort_key, reverse=is_reversed), []
    by_name = sorted(paths, key=lambda path: natural_sort_key(PurePosixPath(path).name))
    times = _comparable_times({path: time for path in by_name if (time := read_facts(path).captured) is not None})
    dated = sorted(times, key=lambda path: times[path], reverse=is_reversed)
    undated = [path for path in by_name if path not in times]
    return [*dated, *undated], undated


def _comparable_times(captured: Mapping[str, CaptureTime]) -> Mapping[str, datetime]:
    """Return the times of capture: in UTC if all files say their offset, otherwise on the clock of the place."""
    in_utc = {path: time.utc for path, time in captured.items() if time.utc is not None}
    return in_utc if len(in_utc) == len(captured) else {path: time.local for path, time in captured.items()}


def natural_sort_key(path: str) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """Return a sort key that puts `img2` before `img10`; the path itself decides between `img2` and `IMG02`."""
    pieces = re.findall(r"[0-9]+|[^0-9]+", path)
    parts = tuple((0, int(p), "") if p.isdecimal() and len(p) < 100 else (1, 0, p.casefold()) for p in pieces)  # noqa: PLR2004
    return parts, path
