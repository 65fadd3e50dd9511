"""The work of `ci matrix`: the workspaces and sites that a change touches, as the legs of a matrix."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from galleryctl.cli.options import CliSettings
from galleryctl.cli.wait_lines import print_waits
from galleryctl.forge.checkout import Checkout
from galleryctl.forge.job import ForgeKind
from galleryctl.manifest.validate import partial_workspace
from galleryctl.manifest.workspace import WORKSPACE_FILE
from galleryctl.model.errors import GalleryctlError, InvalidInput

_MAX_LEGS = {ForgeKind.GITHUB: 256, ForgeKind.GITLAB: 200}
"""The most jobs of a matrix."""
_MAX_FOLDERS = 100_000
_PLAIN_PATH = re.compile(r"(?!-)[\w.@+ /-]+")
"""Paths that have no effect in a shell: the legs of a matrix are often pasted into commands."""
_SKIPPED = ("node_modules",)


def matrix_json(settings: CliSettings, *, since: str | None, kind: ForgeKind) -> str:
    """Return the legs as JSON. Raises GalleryctlError if there are more than the forge takes."""
    folders = sorted(_find_workspaces(settings.directory))
    if since is not None:
        folders = _touched(
            Checkout.of(settings.directory, on_wait=print_waits(settings)), settings.directory, folders, since
        )
    for odd in (folder for folder in folders if not _PLAIN_PATH.fullmatch(str(folder))):
        do = "rename it: use letters, digits, blanks and . _ @ + -"
        raise GalleryctlError("a matrix cannot have a folder of this name", where=odd, do=do)
    legs = [(folder, site) for folder in folders for site in _sites(settings.directory / folder)]
    limit = _MAX_LEGS[kind]
    if len(legs) > limit:
        raise GalleryctlError(
            f"the matrix would have {len(legs):,} jobs; at most {limit} are allowed",
            do="limit it with -C DIR or --since REF, or run several sites in one job",
        )
    if kind is ForgeKind.GITLAB:
        return json.dumps([{"GALLERYCTL_PATH": [str(f)], "GALLERYCTL_SITE": [site]} for f, site in legs])
    entries = [{"path": str(folder), "site": site, "name": _name(folder, site)} for folder, site in legs]
    return json.dumps({"include": entries})


def detected_kind() -> ForgeKind:
    """Return the forge of the job, GitHub outside of one."""
    return ForgeKind.GITLAB if os.environ.get("GITLAB_CI") == "true" else ForgeKind.GITHUB


def _name(folder: PurePosixPath, site: str) -> str:
    """Return a name for people, artifacts and sections: of letters, digits, '.', '_' and '-'."""
    parts = [*folder.parts, site]
    return "-".join("".join(c if c.isalnum() or c in "._-" else "_" for c in part) for part in parts)


def _find_workspaces(top: Path) -> Iterator[PurePosixPath]:
    """Yield the folders with a galleryctl.yaml; hidden ones and links are not followed."""
    for count, (folder, names, files) in enumerate(os.walk(top), 1):
        if count > _MAX_FOLDERS:
            raise GalleryctlError(
                f"more than {_MAX_FOLDERS:,} folders", where=top, do="give the folder of the sites: -C DIR"
            )
        names[:] = sorted(name for name in names if not name.startswith(".") and name not in _SKIPPED)
        if WORKSPACE_FILE in files:
            yield PurePosixPath(Path(folder).relative_to(top).as_posix())


def _touched(checkout: Checkout, top: Path, folders: Sequence[PurePosixPath], since: str) -> list[PurePosixPath]:
    """Return the workspaces with a changed file; a file belongs to the nearest workspace above it."""
    below = PurePosixPath(top.resolve().relative_to(checkout.top.resolve()).as_posix())
    known = set(folders)
    touched = set()
    for file in checkout.changed_files(since):
        if not file.is_relative_to(below):
            continue
        inside = file.relative_to(below)
        touched.update([next((folder for folder in inside.parents if folder in known), None)])
    return [folder for folder in folders if folder in touched]


def _sites(folder: Path) -> Sequence[str]:
    """Return the names of the sites; one empty name for a file that cannot be read, so that its job fails."""
    try:
        sites = tuple(partial_workspace(folder).sites)
    except InvalidInput:
        return ("",)
    return sites if all(_PLAIN_PATH.fullmatch(site) for site in sites) else ("",)
