"""The value of `image:` or `video:` with which an entry shows a former file again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from pathlib import PurePosixPath

from galleryctl.manifest.files.tree import WorkspaceFileError, WorkspaceFiles
from galleryctl.model.media import WixFile
from galleryctl.plan.history.record import FormerResource

_MAX_CANDIDATES = 20
"""The number of files with the same name whose content is compared."""


class FormerSources:
    """The files of the workspace by name: a former photo is one of them if it has the same name and content."""

    def __init__(self, files: WorkspaceFiles) -> None:
        self._files = files

    def source(self, former: FormerResource) -> str:
        """Return the path or the URL of the file, "" if only the Media Manager has it."""
        scheme, _, rest = former.source.partition(":")
        if scheme == "url":
            return rest
        if not scheme or former.kind is None or not isinstance(former.media, WixFile):
            return ""
        for path in self._paths[former.media.filename][:_MAX_CANDIDATES]:
            try:
                if former.source in self._files.local_file(path, former.kind).possible_sources:
                    return path
            except WorkspaceFileError:
                continue
        return ""

    @cached_property
    def _paths(self) -> Mapping[str, list[str]]:
        paths: defaultdict[str, list[str]] = defaultdict(list)
        for path in self._files.glob("**/*"):
            paths[PurePosixPath(path).name].append(path)
        return paths
