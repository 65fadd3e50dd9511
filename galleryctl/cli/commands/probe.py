"""`galleryctl probe`: find out how a site behaves."""

from __future__ import annotations

from pathlib import Path

import click

from galleryctl.cli import output
from galleryctl.cli.event_loop import run_async
from galleryctl.cli.options import common_options, get_settings, lock_timeout_option


@click.command("probe")
@common_options
@click.option("--auto-approve", is_flag=True, help="Do not ask for consent, nor for the direction of display.")
@click.option(
    "--item-order",
    type=click.Choice(["ascending", "descending"]),
    help="Direction in which the site displays items, for the profile.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the profile to FILE.  [default: profile-SITE.yaml]",
)
@lock_timeout_option
@click.pass_context
def command(
    context: click.Context, auto_approve: bool, item_order: str | None, out: Path | None, lock_timeout: float | None
) -> int:
    """Find out how a site behaves, and write a profile.

    Creates a gallery and some files on the site, and deletes them again.
    """
    from galleryctl.cli.run.probe import run_probe

    settings = get_settings(context)
    output.require_format(settings, "text", "json")
    return run_async(
        run_probe(settings, ask=not auto_approve, item_order=item_order, out=out, lock_timeout=lock_timeout)
    )
