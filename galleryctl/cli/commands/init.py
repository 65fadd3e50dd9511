"""`galleryctl init`: a new workspace."""

from __future__ import annotations

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
    help="The embedded emulator, or the real API.",
)
@click.pass_context
def command(context: click.Context, folder: Path | None, backend: str) -> int:
    """Write a new workspace into DIR (default: here); nothing that exists is overwritten."""
    from galleryctl.cli import output
    from galleryctl.cli.files import write_new
    from galleryctl.manifest.write.templates import init_files
    from galleryctl.model.checkup import WriteAction, WriteResult

    settings = get_settings(context, unused=("--site",))
    root = settings.directory / (folder or "")
    files = init_files("wix" if backend == "wix" else "local")
    write_new(root, files)
    output.print_checkup(
        WriteResult(action=WriteAction.CREATED, files=tuple(str(root / name) for name in files)), settings
    )
    if settings.format == "text":
        where = "" if root == Path() else f"-C {root} "
        output.info(settings, f"Look at what it would do: galleryctl {where}plan")
    return 0
