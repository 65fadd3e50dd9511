"""`galleryctl emulator`: serve the emulated Wix API."""

from __future__ import annotations

from pathlib import Path

import click

from galleryctl.cli.options import common_options, get_settings, listener_options


@click.command("emulator")
@common_options
@listener_options("the URL and keys")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Data folder; by default that of the workspace's local backend.",
)
@click.option(
    "--profile",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Behave like the site of this profile, as `galleryctl probe` writes it.",
)
@click.pass_context
def command(
    context: click.Context, port: int, data: Path | None, ready_file: Path | None, host: str, profile: Path | None
) -> int:
    """Serve the emulated Wix API.

    Runs until Ctrl-C. The page at / shows the galleries as a visitor would see them.
    """
    from galleryctl.cli.run.emulator import serve_emulator

    settings = get_settings(context, unused=("--format",) if data is None else ("--site", "--format"))
    serve_emulator(settings, port=port, data=data, ready_file=ready_file, host=host, profile=profile)
    return 0
