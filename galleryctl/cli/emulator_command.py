"""`galleryctl emulator`: the Wix API on a port of this machine."""

from __future__ import annotations

from pathlib import Path

import click

from galleryctl.cli.options import common, settings_of


@click.command("emulator")
@common
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help="The port; 0, the default, takes a free one.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where the data lives; by default that of the workspace's local backend.",
)
@click.option(
    "--ready-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Written once it listens, with its address and keys; removed at the end.",
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="The address to listen on; this machine only."
)
@click.pass_context
def command(context: click.Context, port: int, data: Path | None, ready_file: Path | None, host: str) -> int:
    """Serve the Wix API, its data in a folder, until Ctrl-C; / shows each gallery as a visitor would see it."""
    from galleryctl.cli.serving import serve_emulator

    settings = settings_of(context, unused=("--format",) if data is None else ("--site", "--format"))
    serve_emulator(settings, port=port, data=data, ready_file=ready_file, host=host)
    return 0
