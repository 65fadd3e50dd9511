"""`galleryctl drift`: detect changes made outside galleryctl."""

from __future__ import annotations

import click

from galleryctl.cli.event_loop import run_async
from galleryctl.cli.options import common_options, get_settings, target_option


@click.command("drift")
@common_options
@target_option
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1)
@click.option(
    "--tolerate-until",
    metavar="DATE",
    help="Record the drift of ADDRESS, or all, in galleryctl.tolerated.yaml: plans leave it alone until then.",
)
@click.option("--reason", metavar="TEXT", default="", help="Why it is tolerated, with --tolerate-until.")
@click.pass_context
def command(
    context: click.Context,
    targets: tuple[str, ...],
    addresses: tuple[str, ...],
    tolerate_until: str | None,
    reason: str,
) -> int:
    """Show what people changed on the site since the last apply.

    Exit code 2 if there is drift that is not tolerated. A read-only key is sufficient.
    """
    from galleryctl.cli.output import print_result
    from galleryctl.cli.run.plan import parse_pattern
    from galleryctl.cli.workspace import get_workspace
    from galleryctl.session.run import drift_options, plan_workspace

    settings = get_settings(context)
    if tolerate_until is not None:
        from galleryctl.cli.run.tolerate import run_tolerate

        return run_async(run_tolerate(settings, (*targets, *addresses), until=tolerate_until, reason=reason))
    if addresses or reason:
        raise click.UsageError("ADDRESS and --reason need --tolerate-until. To check some addresses, use --target.")
    options = drift_options(tuple(map(parse_pattern, targets)))
    plan = run_async(plan_workspace(get_workspace(settings), options))
    print_result(plan, settings, drift=True)
    return 2 if plan.drift else 0
