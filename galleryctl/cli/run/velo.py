"""The work of `velo`: find the gallery and its ID, print warnings, print or write the page code."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from galleryctl.cli import output
from galleryctl.cli.options import CliSettings
from galleryctl.cli.workspace import get_workspace
from galleryctl.cli.write_files import write_generated
from galleryctl.model.command import command_line
from galleryctl.model.desired import Desired, DesiredGallery
from galleryctl.model.errors import GalleryctlError
from galleryctl.report.velo import velo_code, velo_warnings
from galleryctl.session.open import WorkspaceSite


def print_page_code(settings: CliSettings, key: str, *, component: str, out: Path | None) -> None:
    """Print the page code of the gallery, or write it below `out`; warnings come first."""
    workspace = get_workspace(settings)
    desired = workspace.load()
    gallery = _find_gallery(desired, key)
    code = velo_code(gallery, _live_id(gallery, workspace), component=component, item_order=desired.item_order)
    for warning in velo_warnings(gallery):
        output.warning(warning)
    if not gallery.bind.create:
        output.info(settings, "A gallery created in the Editor shows changes without page code.")
    if out is not None:
        write_generated(out, {code.backend_path: code.backend, code.page_path: code.page})
        output.info(settings, f"Wrote {out / code.backend_path} and {out / code.page_path}.")
        return
    output.raw(f"// {code.backend_path}\n{code.backend}\n// {code.page_path}\n{code.page}")


def _find_gallery(desired: Desired, key: str) -> DesiredGallery:
    galleries = {gallery.address.gallery: gallery for gallery in desired.galleries}
    if key in galleries:
        return galleries[key]
    near = get_close_matches(key, galleries, n=1)
    raise GalleryctlError(
        f"unknown gallery {key!r}: no manifest declares it",
        do=f"did you mean {near[0]}?" if near else f"choose one of: {', '.join(galleries) or 'none'}",
    )


def _live_id(gallery: DesiredGallery, workspace: WorkspaceSite) -> str:
    if gallery.bind.id:
        return gallery.bind.id
    state = workspace.state().read()
    id_ = None if state is None else state.bindings.ids.get(gallery.address)
    if id_ is None:
        raise GalleryctlError(
            f"gallery {gallery.address} has no ID in state yet",
            do="set the ID in the manifest, bind: {id: ...}, or apply first: " + command_line("apply"),
        )
    return id_
