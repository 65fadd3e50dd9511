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
    from galleryctl.cli.planning import address, show_plan
    from galleryctl.cli.workspace import workspace_of
    from galleryctl.session.run import drift_options, plan_workspace

    settings = settings_of(context)
    options = drift_options(tuple(map(address, targets)))
    plan = complete(plan_workspace(workspace_of(settings), options))
    show_plan(plan, settings, drift=True)
    return 0 if plan.is_empty else 2
