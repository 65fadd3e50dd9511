"""The work of `init`: the files of a new workspace, and what to do next."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from galleryctl.cli.event_loop import run_async
from galleryctl.manifest.write.photo_folders import find_photo_folders, folder_manifests
from galleryctl.manifest.write.templates import sample_manifest, workspace_files
from galleryctl.model.command import command_line
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.waiting import WaitObserver
from galleryctl.model.wix_places import API_KEY_PLACE, SITE_ID_PLACE

_KEY_ADVICE = f"set WIX_API_KEY (from {API_KEY_PLACE}) and WIX_SITE_ID ({SITE_ID_PLACE})"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWorkspace:
    """The files of a new workspace, path → text, remarks on them, and the next step."""

    files: Mapping[str, str]
    next_step: str
    remarks: tuple[str, ...] = ()


def new_workspace(
    root: Path, directory: Path, *, local: bool, photos: Path | None, on_wait: WaitObserver
) -> NewWorkspace:
    """Return the workspace in `root`; `photos` is relative to `directory` or to `root`. Raises GalleryctlError."""
    plan_step = "Next, see the changes an apply would make: " + command_line("plan")
    if photos is not None:
        written, remarks = _from_photos(root, _inside(root, directory, photos), local=local, on_wait=on_wait)
        files = workspace_files("local" if local else "wix", written)
        return NewWorkspace(files=files, remarks=remarks, next_step=plan_step)
    if local:
        return NewWorkspace(files=workspace_files("local", sample_manifest()), next_step=plan_step)
    step = "Next, write manifests of the galleries that the site has: " + command_line("import", "--all")
    has_key = os.environ.get("WIX_API_KEY") and os.environ.get("WIX_SITE_ID")
    remarks = () if has_key else (f"First, {_KEY_ADVICE}.",)
    return NewWorkspace(files=workspace_files("wix", {}), remarks=remarks, next_step=step)


def _inside(root: Path, directory: Path, photos: Path) -> Path:
    """Return the folder of the photos as a path below `root`."""
    for candidate in (directory / photos, root / photos):
        if candidate.is_dir() and candidate.resolve().is_relative_to(root.resolve()):
            return root / candidate.resolve().relative_to(root.resolve())
    if not (directory / photos).is_dir():
        raise GalleryctlError("the folder of photos does not exist", where=directory / photos)
    raise GalleryctlError(
        "nothing was written: the photos are outside the workspace",
        where=directory / photos,
        why=f"a workspace shows only files in its folder, {root}",
        do="run `galleryctl init --from PHOTOS` in a folder that contains the photos",
    )


def _from_photos(
    root: Path, source: Path, *, local: bool, on_wait: WaitObserver
) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Return the manifests of the folders of photos below `source`, and remarks on them."""
    from galleryctl.session.starting import read_gallery_names

    folders = find_photo_folders(root, source)
    if not folders:
        raise GalleryctlError("nothing was written: the folder has no photos or videos", where=source)
    live, remarks = None, []
    try:
        live = None if local else run_async(read_gallery_names(root, os.environ, on_wait))
    except GalleryctlError as error:
        remarks.append(f"Warning: the galleries of the site cannot be listed: {error.what}")
    written = folder_manifests(folders, live)
    remarks += written.remarks
    if not local and live is None:
        remarks.append(
            "The galleries of the site are not known: each gallery is bound by name, and created if the site has none with "
            f"its name. To bind them to live galleries, {_KEY_ADVICE}."
        )
    return written.files, tuple(remarks)
