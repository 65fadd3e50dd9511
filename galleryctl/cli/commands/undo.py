"""`galleryctl undo`: write the manifests as they were before a run."""

from __future__ import annotations

import click

from galleryctl.cli.event_loop import run_async
from galleryctl.cli.options import RunNumber, common_options, get_settings


@click.command("undo")
@common_options
@click.argument("run", metavar="RUN", type=RunNumber())
@click.option("--dry-run", is_flag=True, help="Write nothing; print the changes as a diff.")
@click.pass_context
def command(context: click.Context, run: int, dry_run: bool) -> int:
    """Write manifests that restore what the site showed before RUN.

    RUN is a number that `galleryctl history` lists. The site and the state are not changed: plan and apply afterwards.
    """
    from galleryctl.cli.run.undo import run_undo

    return run_async(run_undo(get_settings(context), run, dry_run=dry_run))
