"""Finds pictures and videos that no entry takes, in the folders of those that are taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from galleryctl.manifest.context import ManifestContext
from galleryctl.manifest.files.search import composed
from galleryctl.manifest.files.skipping import Skip, find_companions, is_picture_name, is_video_name, list_paths
from galleryctl.manifest.files.tree import WorkspaceFiles
from galleryctl.model.errors import Problem
from galleryctl.model.position import SourcePosition

_MAX_LISTED = 10
"""The number of files of a folder that a note lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The part of the workspace that the entries of a manifest take.

    `folders` are those in which patterns find files, each with its first pattern; `used` are the composed paths of the
    files that an entry names or a pattern matches.
    """

    folders: Mapping[str, SourcePosition] = field(default_factory=dict)
    used: frozenset[str] = frozenset()

    @classmethod
    def of(cls, context: ManifestContext) -> Coverage:
        """Return what the entries of one manifest take."""
        selections = reversed(context.selections.items())
        matched = (map(composed, selection.matched) for selection in context.selections.values())
        return cls(
            folders={folder: at for at, selection in selections for folder in selection.folders},
            used=frozenset(context.pinned).union(*matched),
        )


def unmatched_files(coverages: Iterable[Coverage], workspace_files: WorkspaceFiles) -> Iterator[Problem]:
    """Yield a note for each searched folder with pictures or videos that no manifest takes."""
    coverages = tuple(coverages)
    used = frozenset[str]().union(*(coverage.used for coverage in coverages))
    folders = {folder: at for coverage in reversed(coverages) for folder, at in coverage.folders.items()}
    for folder, at in sorted(folders.items()):
        names = workspace_files.names_in(folder)
        paths = [str(PurePosixPath(folder, name)) for name in sorted(names) if not name.startswith(".")]
        shown = [path for path in paths if is_picture_name(path) or is_video_name(path)]
        companions = find_companions(shown)
        left = [
            path
            for path in shown
            if composed(path) not in used
            and companions.get(path) is not Skip.LIVE_PHOTO
            and not workspace_files.is_folder(path)
        ]
        if left:
            files = "1 file" if len(left) == 1 else f"{len(left):,} files"
            yield Problem(
                at, f"no pattern matches {files} in {folder or 'the workspace'}: {list_paths(left, _MAX_LISTED)}"
            )
