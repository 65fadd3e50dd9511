"""`galleryctl validate`: everything that is wrong with the files of a workspace."""

from __future__ import annotations

import os

import click

from galleryctl.cli.options import common, settings_of


@click.command("validate")
@common
@click.pass_context
def command(context: click.Context) -> int:
    """Check every file of the workspace, for all of its sites; no network, no state."""
    from galleryctl.cli.output import show
    from galleryctl.manifest.validate import validate

    settings = settings_of(context)
    show(validate(settings.directory, os.environ, settings.site), settings)
    return 0
