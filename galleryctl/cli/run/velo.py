"""The page code of a gallery: its id from the manifest or from state, its warnings, printed or written."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from galleryctl.cli import output
from galleryctl.cli.files import write_generated
from galleryctl.cli.options import CliSettings
from galleryctl.cli.workspace import get_workspace
from galleryctl.model.desired import Desired, DesiredGallery
from galleryctl.model.errors import GalleryctlError
from galleryctl.report.velo import velo_code, velo_warnings
from galleryctl.session.open import WorkspaceSite


def print_page_code(settings: CliSettings, key: str, *, component: str, out: Path | None) -> None:
    """Print the code for the gallery of this key, or write it below `out`; the warnings come first."""
    workspace = get_workspace(settings)
    desired = workspace.load()
    gallery = _find_gallery(desired, key)
    code = velo_code(gallery, _live_id(gallery, workspace), component=component, item_order=desired.item_order)
    for warning in velo_warnings(gallery):
        output.warning(warning)
    if not gallery.bind.create:
        output.info(settings, "A gallery that was made in the Editor shows every change without code.")
    if out is not None:
        write_generated(out, {code.backend_path: code.backend, code.page_path: code.page})
        output.info(settings, f"Written: {out / code.backend_path}, {out / code.page_path}")
        return
    output.raw(f"// {code.backend_path}\n{code.backend}\n// {code.page_path}\n{code.page}")


def _find_gallery(desired: Desired, key: str) -> DesiredGallery:
    galleries = {gallery.address.gallery: gallery for gallery in desired.galleries}
    if key in galleries:
        return galleries[key]
    near = get_close_matches(key, galleries, n=1)
    raise GalleryctlError(
        f"no manifest has the gallery {key!r}",
        do=f"did you mean {near[0]}?" if near else f"there are: {', '.join(galleries) or 'none'}",
    )


def _live_id(gallery: DesiredGallery, workspace: WorkspaceSite) -> str:
    if gallery.bind.id:
        return gallery.bind.id
    state = workspace.state().read()
    known = None if state is None else state.bindings.ids.get(gallery.address)
    if known is None:
        raise GalleryctlError(
            f"the id of the gallery {gallery.address} is not known yet",
            do="apply first, or write it into the manifest: bind: {id: ...}",
        )
    return known
