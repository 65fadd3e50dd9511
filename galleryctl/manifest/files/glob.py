"""Finds the files for a `from` entry, in order."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from posixpath import basename, dirname, splitext

from galleryctl.manifest.conditions import Where
from galleryctl.manifest.files.filetypes import detect_mime_type, video_mime_type
from galleryctl.manifest.files.patterns import is_excluded
from galleryctl.manifest.files.search import composed
from galleryctl.manifest.files.skipping import (
    Skip,
    count_skipped,
    find_companions,
    is_picture_name,
    is_video_name,
    skip_by_name,
)
from galleryctl.manifest.files.tree import FoundFiles, WorkspaceFileError, WorkspaceFiles
from galleryctl.manifest.photo_facts import FactsReader
from galleryctl.model.media import Kind
from galleryctl.photo.facts import CaptureTime, PhotoFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class FileQuery:
    """The files that an entry asks for."""

    patterns: tuple[str, ...]
    excluded: tuple[str, ...] = ()
    """The patterns of `except`."""
    pinned: Collection[str] = ()
    """The composed paths of the files that have an entry of their own."""
    where: Where | None = None
    order: str = "name"


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectedFile:
    """A file of an entry."""

    path: str
    kind: Kind
    unknown: str = ""
    """Why it cannot be told if `where` selects it; "" if it does."""
    keeps_place: bool = False
    """True if what decides its place cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The files of an entry in order, and what became of the others."""

    files: tuple[SelectedFile, ...]
    skipped: Mapping[str, Skip]
    matched: frozenset[str]
    """All files that the patterns match, skipped ones included."""
    folders: frozenset[str]
    """The folders in which files match a pattern that is not the name of one of them."""
    idle_exceptions: tuple[str, ...]
    """The patterns of `except` that exclude nothing."""
    undated: tuple[str, ...]
    """The files without a date, if the entry is ordered by date."""
    unselected: tuple[SelectedFile, ...] = ()
    """The files that `where` does not select, and that have no .xmp sidecar."""


def choose_files(query: FileQuery, workspace_files: WorkspaceFiles, read_facts: FactsReader) -> Selection:
    """Return the pictures and videos that an entry asks for, without duplicates, in its order.

    Raises WorkspaceFileError if a pattern matches none.
    """
    kinds: dict[str, Kind] = {}
    skipped: dict[str, Skip] = {}
    folders: set[str] = set()
    for pattern in query.patterns:
        found = workspace_files.search(pattern)
        usable = dict(_usable_files(found, workspace_files, skipped))
        if not usable:
            raise WorkspaceFileError(_nothing_found(pattern, found, workspace_files, skipped))
        kinds |= usable
        folders |= set(map(dirname, usable)) if found.is_search else set()
    matched = frozenset({*kinds, *skipped})
    excluded = [path for path in kinds if any(is_excluded(path, pattern) for pattern in query.excluded)]
    skipped |= {**find_companions(kinds, frozenset(excluded)), **dict.fromkeys(excluded, Skip.EXCEPT)}
    files = [
        SelectedFile(path=path, kind=kind)
        for path, kind in kinds.items()
        if path not in skipped and composed(path) not in query.pinned
    ]
    unselected: list[SelectedFile] = []
    if query.where is not None:
        files = [_judged(file, query.where, read_facts(file.path), skipped) for file in files]
        unselected = [f for f in files if f.path in skipped and not read_facts(f.path).has_sidecar]
        files = [file for file in files if file.path not in skipped]
    files, undated = _in_order(files, query.order, read_facts)
    return Selection(
        files=tuple(files),
        skipped=skipped,
        matched=matched,
        folders=frozenset(folders),
        idle_exceptions=tuple(each for each in query.excluded if not any(is_excluded(path, each) for path in matched)),
        undated=tuple(undated),
        unselected=tuple(unselected),
    )


def _usable_files(
    found: FoundFiles, workspace_files: WorkspaceFiles, skipped: dict[str, Skip]
) -> Iterator[tuple[str, Kind]]:
    """Yield the files that may be items, with their kinds; add the others to `skipped`."""
    skipped |= found.skipped
    for path in sorted(found.files, key=natural_sort_key):
        why = skip_by_name(path) if found.is_search else None
        kind = None if why else _kind_of(path, workspace_files)
        if kind is not None or not found.is_search:
            yield path, kind or Kind.IMAGE
        else:
            skipped[path] = why or Skip.OTHER


def _kind_of(path: str, workspace_files: WorkspaceFiles) -> Kind | None:
    """Return the kind of a file by its name, else by its content; None if it is not one that galleries show."""
    if is_picture_name(path):
        return Kind.IMAGE
    if is_video_name(path) or video_mime_type(path):
        return Kind.VIDEO
    try:
        head = workspace_files.read_head(path)
    except WorkspaceFileError:
        return None if splitext(path)[1] else Kind.IMAGE  # it may be a picture: its item is held
    return Kind.IMAGE if detect_mime_type(head, Kind.IMAGE) else None


def _nothing_found(
    pattern: str, found: FoundFiles, workspace_files: WorkspaceFiles, skipped: Mapping[str, Skip]
) -> str:
    if not found.files and not {"*", "?", "["}.intersection(pattern) and not found.is_folder:
        workspace_files.existing_path(pattern)  # says what is wrong with it
    if not (found.files or found.skipped):
        if any(part.startswith(".") for part in pattern.split("/")):
            return f"{pattern} is hidden, and hidden files and folders are not searched"
        return (
            f"{pattern} matches no files{_pattern_advice(pattern)}"
            if not found.is_folder
            else f"the folder {pattern} is empty"
        )
    counted = count_skipped({path: skipped[path] for path in (*found.files, *found.skipped)})
    return f"{pattern} matches no pictures or videos, only {counted}"


def _pattern_advice(pattern: str) -> str:
    """Return what to write instead of a pattern as other programs have it."""
    if "{" in pattern and "," in pattern:
        return "; braces are not supported: write a list with one pattern for each part"
    if pattern.endswith("/**"):
        return f"; ** matches folders: write {pattern}/*, or {pattern.removesuffix('/**')} for all files in it"
    return ""


def _judged(file: SelectedFile, where: Where, facts: PhotoFacts, skipped: dict[str, Skip]) -> SelectedFile:
    """Return the file, with the reason if it cannot be told if it is selected; add one that is not to `skipped`."""
    if unknown := where.unknown(facts):
        why = f"{file.path} cannot be judged by where: {unknown} cannot be read ({'; '.join(facts.problems)})"
        return replace(file, unknown=why)
    if not where.selects(facts):
        skipped[file.path] = Skip.WHERE
    return file


def _in_order(files: list[SelectedFile], order: str, read_facts: FactsReader) -> tuple[list[SelectedFile], list[str]]:
    """Return the files in an order, and the paths of those without a date if it is by date; those come last."""
    by_name = sorted(files, key=lambda file: natural_sort_key(file.path))
    is_reversed = order.startswith("-")
    if order.removeprefix("-") == "name":
        return by_name[::-1] if is_reversed else by_name, []
    facts = {file.path: read_facts(file.path) for file in files}
    captured = {path: each.captured for path, each in facts.items() if each.captured is not None}
    times = _comparable_times(captured)
    by_name = sorted(
        (replace(file, keeps_place="captured" in facts[file.path].unknown) for file in files),
        key=lambda file: natural_sort_key(basename(file.path)),
    )
    dated = [file for file in by_name if file.path in times]
    undated = [file for file in by_name if file.path not in times]
    dated.sort(key=lambda file: times[file.path], reverse=is_reversed)
    return [*dated, *undated], [file.path for file in undated if not file.keeps_place]


def _comparable_times(captured: Mapping[str, CaptureTime]) -> Mapping[str, datetime]:
    """Return the times of capture: in UTC if all files tell their offset, otherwise on the clock of the place."""
    in_utc = {path: time.utc for path, time in captured.items() if time.utc is not None}
    return in_utc if len(in_utc) == len(captured) else {path: time.local for path, time in captured.items()}


def natural_sort_key(path: str) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """Return a sort key that puts `img2` before `img10`; the path itself decides between `img2` and `IMG02`."""
    path = composed(path)
    pieces = re.findall(r"[0-9]+|[^0-9]+", path)
    parts = tuple((0, int(p), "") if p.isdecimal() and len(p) < 100 else (1, 0, p.casefold()) for p in pieces)  # noqa: PLR2004
    return parts, path
