"""`galleryctl doctor`: why it does not work."""

from __future__ import annotations

import click

from galleryctl.cli.options import common, settings_of


@click.command("doctor")
@common
@click.pass_context
def command(context: click.Context) -> int:
    """Check the installation, the workspace, its state, the network and the rights of the key; change nothing."""
    from galleryctl.cli.diagnosing import diagnose
    from galleryctl.cli.output import show

    settings = settings_of(context)
    diagnosis = diagnose(settings)
    show(diagnosis, settings)
    return diagnosis.exit_code
