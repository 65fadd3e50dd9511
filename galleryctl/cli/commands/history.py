"""`galleryctl history`: list the runs, or show one."""

from __future__ import annotations

import click

from galleryctl.cli import output
from galleryctl.cli.options import RunNumber, common_options, get_settings


@click.command("history")
@common_options
@click.argument("run", metavar="[RUN]", type=RunNumber(), required=False)
@click.pass_context
def command(context: click.Context, run: int | None) -> int:
    """List the applies that changed the site, newest first.

    RUN is the number of a run; all that it changed is shown, with the values before and after.
    """
    from galleryctl.cli.run.history import print_history, print_run

    settings = get_settings(context)
    output.require_format(settings, "text", "json")
    return print_history(settings) if run is None else print_run(settings, run)
