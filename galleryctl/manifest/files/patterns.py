"""Compares paths with patterns, without reading folders."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import PurePosixPath

from galleryctl.manifest.files.search import matches_name

_ANY_DEPTH = "**"


def is_excluded(path: str, pattern: str) -> bool:
    """Return True if `except: [pattern]` excludes the file.

    photos/a.jpg     a file
    photos/drafts    all files in a folder
    photos/**/x-*    as in `from`
    *-draft.jpg      without a slash: a file or a folder with this name, at any depth

    """
    segments = _segments(pattern)
    parts = PurePosixPath(path).parts
    if "/" not in pattern.rstrip("/"):
        return any(matches_name(part, segments[0]) for part in parts) if segments else False
    return any(_matches(parts[:length], segments) for length in range(len(parts), 0, -1))


@lru_cache(maxsize=1000)
def _segments(pattern: str) -> tuple[str, ...]:
    return PurePosixPath(pattern).parts


def _matches(parts: Sequence[str], segments: Sequence[str]) -> bool:
    if not segments or not parts:
        return not parts and all(segment == _ANY_DEPTH for segment in segments)
    if segments[0] == _ANY_DEPTH:
        return _matches(parts, segments[1:]) or _matches(parts[1:], segments)
    return matches_name(parts[0], segments[0]) and _matches(parts[1:], segments[1:])
