"""`galleryctl drift`: whether the site is still what the manifests say."""

from __future__ import annotations

import click

from galleryctl.cli.loop import complete
from galleryctl.cli.options import common, settings_of, targets


@click.command("drift")
@common
@targets
@click.pass_context
def command(context: click.Context, targets: tuple[str, ...]) -> int:
    """Show how the site differs from the manifests, and then exit with 2; a read-only key is enough."""
    from galleryctl.cli.planning import plan_options, planned, show_plan
    from galleryctl.cli.session import open_workspace

    settings = settings_of(context)
    options = plan_options(targets, max_delete_percent=100, allow_empty=True, allow_recreate=True)
    plan = complete(planned(open_workspace(settings), settings, options)).plan
    show_plan(plan, settings, drift=True)
    return 0 if plan.empty else 2
