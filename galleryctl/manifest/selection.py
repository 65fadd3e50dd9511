"""Selects the files of a `from` entry, and notes what is left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from posixpath import splitext

from galleryctl.manifest.conditions import read_where
from galleryctl.manifest.context import ManifestContext
from galleryctl.manifest.files.glob import FileQuery, SelectedFile, Selection, choose_files
from galleryctl.manifest.files.patterns import is_excluded
from galleryctl.manifest.files.skipping import count_skipped, skip_by_name
from galleryctl.manifest.files.tree import WorkspaceFileError, normalize_path
from galleryctl.manifest.values import get_string
from galleryctl.manifest.yaml.nodes import YamlNode
from galleryctl.model.errors import Problem

_MAX_UNDATED = 10
"""The files without a capture time that a warning lists."""


def select_entry_files(entry: YamlNode, pattern: YamlNode, context: ManifestContext) -> tuple[SelectedFile, ...]:
    """Return the files of an entry in its order; none if it is invalid, which is added to the problems."""
    query = FileQuery(
        patterns=tuple(_texts(pattern)),
        excluded=tuple(_exceptions(entry.part("except"), context)),
        pinned=context.pinned,
        where=read_where(entry.part("where"), context.add_problem),
        order=get_string(entry, "order") or "name",
    )
    try:
        selection = choose_files(query, context.workspace_files, context.facts_reader_of(entry))
    except WorkspaceFileError as error:
        advice = _list_advice(pattern.value, lambda part: context.workspace_files.exists(part.rstrip("/")))
        context.add_problem(pattern, f"{error}{advice}")
        return ()
    at = context.document.at(pattern)
    if pattern.has_hidden_values():  # notes would show them
        selection = replace(selection, folders=frozenset())
    else:
        context.notes.extend(Problem(at, f"{', '.join(query.patterns)}: {note}") for note in _notes(selection))
        context.warnings.extend(Problem(at, warning) for warning in _warnings(selection))
    context.selections[at] = selection
    return selection.files


def _notes(selection: Selection) -> Iterator[str]:
    read = _read_sidecars(selection)
    if skipped := {path: why for path, why in selection.skipped.items() if path not in read}:
        yield f"skipped {count_skipped(skipped)}"


def _read_sidecars(selection: Selection) -> frozenset[str]:
    """Return the sidecars that are read with their photos: photo.xmp or photo.jpg.yaml beside photo.jpg."""
    photos = {path for path in selection.matched if skip_by_name(path) is None}
    photos |= {splitext(path)[0] for path in photos}
    return frozenset(
        path
        for path in selection.skipped
        if splitext(path)[1].lower() in (".xmp", ".yaml", ".yml") and splitext(path)[0] in photos
    )


def _warnings(selection: Selection) -> Iterator[str]:
    for pattern in selection.idle_exceptions:
        advice = _list_advice(pattern, lambda part: any(is_excluded(path, part) for path in selection.matched))
        yield f"except {pattern} excludes nothing{advice or '; a path is relative to the workspace'}"
    if selection.undated:
        more = len(selection.undated) - _MAX_UNDATED
        listed = ", ".join(selection.undated[:_MAX_UNDATED])
        yield f"files without a capture time come last: {listed}{f' and {more:,} more' if more > 0 else ''}"


def _list_advice(text: object, is_meant: Callable[[str], bool]) -> str:
    """Return how to write several paths as a list, if the text is all of them: YAML joins lines without dashes."""
    parts = re.split(r"[,\s]+", text) if isinstance(text, str) else []
    names = [part.removeprefix("-") for part in parts]
    if not names[1:] or not all(name and is_meant(name) for name in names):
        return ""
    if parts != names:
        return "; add a space after each dash"
    return f"; if these are several paths, write a list: [{names[0]}, {names[1]}{', …' if names[2:] else ''}]"


def _exceptions(node: YamlNode | None, context: ManifestContext) -> Iterator[str]:
    for item in (node.items if node.items is not None else (node,)) if node else ():
        if isinstance(item.value, str):
            try:
                yield normalize_path(item.value)
            except WorkspaceFileError as error:
                context.add_problem(item, str(error))


def _texts(node: YamlNode) -> Iterator[str]:
    for item in node.items if node.items is not None else (node,):
        if isinstance(item.value, str):
            yield item.value
