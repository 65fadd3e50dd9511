"""`galleryctl init`: create a workspace."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from galleryctl.cli.options import common_options, get_settings


@click.command("init")
@common_options
@click.argument("folder", required=False, metavar="[DIR]", type=click.Path(path_type=Path))
@click.option(
    "--backend",
    type=click.Choice(["local", "wix"]),
    default="local",
    show_default=True,
    help="Embedded emulator (local) or Wix API (wix).",
)
@click.option(
    "--from",
    "photos",
    metavar="PHOTOS",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write a manifest for each folder of photos below PHOTOS.",
)
@click.pass_context
def command(context: click.Context, folder: Path | None, backend: str, photos: Path | None) -> int:
    """Create a new workspace.

    DIR is its folder, by default the current one. Existing files are not overwritten. With --from, each folder of photos
    becomes a gallery, bound by name; with --backend wix, WIX_API_KEY and WIX_SITE_ID, the site's galleries are read to
    find the names.
    """
    from galleryctl.cli import output
    from galleryctl.cli.run.init import new_workspace
    from galleryctl.cli.workspace import observe_waits
    from galleryctl.cli.write_files import write_new
    from galleryctl.model.checkup import WriteAction, WriteResult

    settings = get_settings(context, unused=("--site",))
    root = settings.directory / (folder or "")
    workspace = new_workspace(
        root, settings.directory, local=backend == "local", photos=photos, on_wait=observe_waits(settings)
    )
    write_new(root, workspace.files)
    created = tuple(str(root / name) for name in workspace.files)
    code = output.print_written(WriteResult(action=WriteAction.CREATED, files=created), settings)
    for line in (*workspace.remarks, *((workspace.next_step,) if settings.format == "text" else ())):
        output.info(settings, replace(settings, directory=root).for_this_workspace(line))
    return code
