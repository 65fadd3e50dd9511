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
@click.pass_context
def command(context: click.Context, folder: Path | None, backend: str) -> int:
    """Create a new workspace.

    DIR is its folder, by default the current one. Existing files are not overwritten.
    """
    from galleryctl.cli import output
    from galleryctl.cli.write_files import write_new
    from galleryctl.manifest.write.templates import init_files
    from galleryctl.model.checkup import WriteAction, WriteResult
    from galleryctl.model.command import command_line

    settings = get_settings(context, unused=("--site",))
    root = settings.directory / (folder or "")
    files = init_files("wix" if backend == "wix" else "local")
    write_new(root, files)
    created = tuple(str(root / name) for name in files)
    code = output.print_written(WriteResult(action=WriteAction.CREATED, files=created), settings)
    if settings.format == "text":
        text = "Next, see the changes an apply would make: " + command_line("plan")
        output.info(settings, replace(settings, directory=root).for_this_workspace(text))
    return code
