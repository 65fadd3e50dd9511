"""The file that an import writes a gallery's manifest to, and the check that it may be overwritten."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from galleryctl.engine.importing.keys import SiteManifests
from galleryctl.manifest.files.atomic_write import read_text
from galleryctl.manifest.files.tree import WorkspaceFileError, WorkspaceFiles, normalize_path
from galleryctl.manifest.load import Manifest, read_manifest
from galleryctl.manifest.workspace import WORKSPACE_FILE, manifest_names
from galleryctl.model.errors import GalleryctlError, InvalidInput, Refused
from galleryctl.model.live import LiveGallery
from galleryctl.model.variable_text import displayed
from galleryctl.plan.identity.galleries import gallery_names


def manifest_path(site_manifests: SiteManifests, key: str, out: Path | None) -> tuple[Path, str | None]:
    """Return the file for the manifest, and its path in the workspace if a `galleries:` pattern matches it."""
    root, patterns = site_manifests.config.root, site_manifests.config.manifest_patterns
    manifest = site_manifests.manifest(key)
    if out is None:
        file = manifest.file if manifest else default_manifest_path(patterns, key)
        if file is None:
            raise GalleryctlError(
                f"no pattern under `galleries:` matches {key}.yaml",
                where=root / WORKSPACE_FILE,
                do="choose the file (--out FILE; in Python: out=…) and list it under `galleries:`",
            )
        return root / file, file
    if manifest is not None and out.resolve() != (root / manifest.file).resolve():
        raise Refused(
            f"gallery {key} already has a manifest, {manifest.file}",
            where=out,
            do="import it without an output file, or remove that manifest first",
        )
    file = _relative_path(root, out)
    return out, file if file and any(_pattern_matches(pattern, file) for pattern in patterns) else None


def schema_line(root: Path, path: Path) -> str:
    """Return the first line of a new manifest, by which editors find the schema that `init` wrote; "" without it."""
    schema = root / "schemas" / "gallery.schema.json"
    if not schema.is_file():
        return ""
    relative = os.path.relpath(schema.resolve(), path.parent.resolve())
    return f"# yaml-language-server: $schema={Path(relative).as_posix()}\n"


def _relative_path(root: Path, path: Path) -> str | None:
    """Return the path relative to the workspace, by its own name if it is a link; None if it is outside."""
    if not path.resolve().is_relative_to(root.resolve()):
        return None
    name = path.parent.resolve() / path.name
    return name.relative_to(root.resolve()).as_posix() if name.is_relative_to(root.resolve()) else None


def default_manifest_path(patterns: Sequence[str], key: str) -> str | None:
    """Return the first path that has the key as its name and that a pattern matches."""
    for pattern in patterns:
        folders = [part for part in PurePosixPath(pattern).parent.parts if part != "**"]
        name = PurePosixPath(pattern).name
        file = PurePosixPath(*folders, name.replace("*", key, 1)).as_posix()
        if "*" in name and _pattern_matches(pattern, file):
            return file
    return None


def _pattern_matches(pattern: str, file: str) -> bool:
    """Return True if the pattern finds a file with this path, tested in an otherwise empty folder."""
    if file == WORKSPACE_FILE:
        return False
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        try:
            path = root / normalize_path(file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            return any(file in WorkspaceFiles(root).glob(name) for name in manifest_names(pattern))
        except WorkspaceFileError:
            return False


def existing_manifest(
    site_manifests: SiteManifests, path: Path, key: str, live: LiveGallery, *, is_managed: bool
) -> tuple[Manifest, str] | None:
    """Return the manifest to update and its text, None if there is no file. Raises Refused for another gallery's.

    `is_managed` is True if state or a manifest has the gallery under this key.
    """
    if not path.exists():
        return None
    root = site_manifests.config.root
    file = _relative_path(root, path)
    if file is None:
        raise Refused("the file exists and is outside the workspace", where=path, do="choose another output file")
    manifest = read_manifest(site_manifests.config, file, WorkspaceFiles(root), site=site_manifests.site)
    gallery = manifest.gallery
    if manifest.problems or gallery is None:
        raise InvalidInput(manifest.problems, do="correct the file, or choose another output file")
    has_name = gallery.bind.id is None and live.name in gallery_names(gallery)
    if gallery.address.gallery != key or not (is_managed or has_name or gallery.bind.id == live.id):
        names = (repr(displayed(name)) for name in gallery_names(gallery))
        declared = displayed(gallery.bind.id or "") or " or ".join(names)
        raise Refused(
            f"the file is the manifest of gallery {gallery.address}, {declared}; it is not overwritten",
            where=file,
            why=f"the gallery to import is {live.name or 'unnamed'} ({live.id}), with the key {key}",
            do="correct its `bind:`, or choose another key or output file",
        )
    return manifest, read_text(path)
