"""Where the manifest of a live gallery goes, and what may be written over there."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from galleryctl.engine.importing.keys import SiteManifests
from galleryctl.manifest.files.atomic_write import read_text
from galleryctl.manifest.files.tree import WorkspaceFileError, WorkspaceFiles, normalize_path
from galleryctl.manifest.load import read_manifest
from galleryctl.manifest.workspace import WORKSPACE_FILE
from galleryctl.model.errors import GalleryctlError, InvalidInput, Refused
from galleryctl.model.live import LiveGallery
from galleryctl.plan.matching.match import gallery_names


def manifest_path(site_manifests: SiteManifests, key: str, out: Path | None) -> tuple[Path, str | None]:
    """Where the manifest goes, and its path in the workspace if a `galleries:` pattern finds it."""
    root, patterns = site_manifests.config.root, site_manifests.config.manifest_patterns
    manifest = site_manifests.manifest(key)
    if out is None:
        file = manifest.file if manifest else _default_path(patterns, key)
        if file is None:
            raise GalleryctlError(
                f"no pattern under `galleries:` has a place for {key}.yaml",
                where=root / WORKSPACE_FILE,
                do="give --out FILE, and name that file under `galleries:`",
            )
        return root / file, file
    if manifest is not None and out.resolve() != (root / manifest.file).resolve():
        raise Refused(
            f"gallery {key} has a manifest already, {manifest.file}",
            where=out,
            do="leave out --out, or remove that manifest first",
        )
    if not out.resolve().is_relative_to(root.resolve()):
        return out, None
    file = out.resolve().relative_to(root.resolve()).as_posix()
    return out, file if any(_pattern_matches(pattern, file) for pattern in patterns) else None


def _default_path(patterns: Sequence[str], key: str) -> str | None:
    """The first file named for the key that a pattern finds."""
    for pattern in patterns:
        folders = [part for part in PurePosixPath(pattern).parent.parts if part != "**"]
        name = PurePosixPath(pattern).name
        file = PurePosixPath(*folders, name.replace("*", key, 1)).as_posix()
        if "*" in name and _pattern_matches(pattern, file):
            return file
    return None


def _pattern_matches(pattern: str, file: str) -> bool:
    """Whether a pattern of the workspace finds a file of this path, asked of a folder that has nothing else."""
    if file == WORKSPACE_FILE:
        return False
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        try:
            path = root / normalize_path(file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            return file in WorkspaceFiles(root).glob(pattern)
        except WorkspaceFileError:
            return False


def existing_manifest_text(
    site_manifests: SiteManifests, path: Path, key: str, live: LiveGallery, *, is_managed: bool
) -> str | None:
    """The text to bring up to date, None when there is no file. Raises Refused for another gallery's manifest.

    `known` says that the gallery is managed under this key.
    """
    if not path.exists():
        return None
    root = site_manifests.config.root
    if not path.resolve().is_relative_to(root.resolve()):
        raise Refused("the file exists and lies outside of the workspace", where=path, do="give another --out")
    file = path.resolve().relative_to(root.resolve()).as_posix()
    manifest = read_manifest(site_manifests.config, file, WorkspaceFiles(root))
    wanted = manifest.gallery
    if manifest.problems or wanted is None:
        raise InvalidInput(manifest.problems, do="correct the file, or give another --out")
    named = wanted.bind.id is None and live.name in gallery_names(wanted)
    if wanted.address.gallery != key or not (is_managed or named or wanted.bind.id == live.id):
        whose = wanted.bind.id or " or ".join(map(repr, gallery_names(wanted)))
        raise Refused(
            f"the file is the manifest of gallery {wanted.address}, {whose}; it is not written over",
            where=file,
            why=f"asked for was {live.name or 'the gallery'} ({live.id}) as {key}",
            do="correct `bind:` in it, or give another key or --out",
        )
    return read_text(path)
