"""Reads what photos and videos say of themselves, with their .xmp sidecars; each file once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from pathlib import PurePosixPath

from galleryctl.manifest.files.tree import WorkspaceFileError, WorkspaceFiles
from galleryctl.photo.facts import CAPTION_NAMES, NO_FACTS, PhotoFacts
from galleryctl.photo.read import read_photo, read_xmp_sidecar

FactsReader = Callable[[str], PhotoFacts]
"""Returns what the file at a path says of itself; what cannot be read is in its `problems`."""

_ALL_UNKNOWN = frozenset((*CAPTION_NAMES, "captured", "rating", "labels"))


def own_facts_reader(workspace_files: WorkspaceFiles) -> FactsReader:
    """Return a function that reads what a file says of itself, without its sidecars, and remembers it."""
    return cache(partial(_read_file, workspace_files))


def facts_reader(workspace_files: WorkspaceFiles, read_own_facts: FactsReader) -> FactsReader:
    """Return a function that reads the facts of a file, a sidecar's before its own, and remembers them."""

    @cache
    def read_facts(path: str) -> PhotoFacts:
        facts = NO_FACTS
        for sidecar in _xmp_sidecars(path):
            if workspace_files.exists(sidecar):
                facts = facts.with_fallback(_read_sidecar(workspace_files, sidecar))
            elif placeholder := workspace_files.placeholder(sidecar):
                why = f"{sidecar} is not on this machine, only its placeholder {placeholder}; download it"
                facts = facts.with_fallback(_unreadable_sidecar(why))
        return facts.with_fallback(read_own_facts(path))

    return read_facts


def _xmp_sidecars(path: str) -> Iterator[str]:
    for suffix in (".xmp", ".XMP"):
        yield path + suffix
        yield PurePosixPath(path).with_suffix(suffix).as_posix()


def _read_file(workspace_files: WorkspaceFiles, path: str) -> PhotoFacts:
    try:
        with workspace_files.open(path) as stream:
            return read_photo(stream)
    except WorkspaceFileError as error:
        return PhotoFacts(problems=(str(error),), unknown=_ALL_UNKNOWN)


def _read_sidecar(workspace_files: WorkspaceFiles, path: str) -> PhotoFacts:
    try:
        normal = workspace_files.existing_path(path)
        workspace_files.check_pointer(normal)
        with workspace_files.open(normal) as stream:
            facts = read_xmp_sidecar(stream)
    except WorkspaceFileError as error:
        return _unreadable_sidecar(str(error))
    problems = tuple(f"{path}: {problem}" for problem in facts.problems)
    return replace(facts, problems=problems, has_sidecar=True)


def _unreadable_sidecar(why: str) -> PhotoFacts:
    return PhotoFacts(problems=(why,), unknown=_ALL_UNKNOWN, has_sidecar=True)
