"""`galleryctl drift`: detect changes made outside galleryctl, accept them, or tolerate them for a while."""

from __future__ import annotations

import click

from galleryctl.cli.event_loop import run_async
from galleryctl.cli.options import common_options, deadline_option, get_settings, report_option, target_option


@click.command("drift")
@common_options
@target_option
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1)
@click.option("--accept", is_flag=True, help="Write the drift of ADDRESS, or all, into the manifests.")
@click.option("--added", is_flag=True, help="With --accept: also take items that people added.")
@click.option("--dry-run", is_flag=True, help="With --accept: write nothing; print the changes as a diff.")
@click.option(
    "--tolerate-until",
    metavar="DATE",
    help="Record the drift of ADDRESS, or all, in galleryctl.tolerated.yaml: plans leave it alone until then.",
)
@click.option("--reason", metavar="TEXT", default="", help="Why it is tolerated, with --tolerate-until.")
@click.option(
    "--remove-obsolete", is_flag=True, help="Remove the entries of galleryctl.tolerated.yaml that have no effect."
)
@deadline_option
@report_option
@click.pass_context
def command(
    context: click.Context,
    targets: tuple[str, ...],
    addresses: tuple[str, ...],
    accept: bool,
    added: bool,
    dry_run: bool,
    tolerate_until: str | None,
    reason: str,
    remove_obsolete: bool,
    deadline: float | None,
) -> int:
    """Show, accept or tolerate what people changed on the site.

    Changes since the last apply count. Exit code 2 if there is drift that is not tolerated. A read-only key is
    sufficient, also for --accept, --tolerate-until and --remove-obsolete, which write files of the workspace only.
    """
    from galleryctl.cli.output import print_result
    from galleryctl.cli.reports import check_reports
    from galleryctl.cli.run.accept import run_accept
    from galleryctl.cli.run.plan import parse_pattern
    from galleryctl.cli.run.tolerate import run_remove_obsolete, run_tolerate
    from galleryctl.cli.workspace import get_workspace
    from galleryctl.session.run import drift_options, plan_workspace

    settings = get_settings(context)
    actions = {"--accept": accept, "--tolerate-until": tolerate_until is not None, "--remove-obsolete": remove_obsolete}
    _check_usage(
        [name for name, is_given in actions.items() if is_given],
        accept_options=added or dry_run,
        reason=reason,
        addresses=addresses,
    )
    if settings.reports and any(actions.values()):
        raise click.UsageError("--report cannot be combined with --accept, --tolerate-until or --remove-obsolete.")
    if accept:
        accepting = run_accept(settings, (*targets, *addresses), added=added, dry_run=dry_run)
        return run_async(accepting, deadline=deadline)
    if tolerate_until is not None:
        tolerating = run_tolerate(settings, (*targets, *addresses), until=tolerate_until, reason=reason)
        return run_async(tolerating, deadline=deadline)
    if remove_obsolete:
        return run_async(run_remove_obsolete(settings, (*targets, *addresses)), deadline=deadline)
    check_reports(settings)
    options = drift_options(tuple(map(parse_pattern, targets)))
    plan = run_async(plan_workspace(get_workspace(settings), options), deadline=deadline)
    print_result(plan, settings, drift=True)
    return 2 if plan.drift else 0


def _check_usage(actions: list[str], *, accept_options: bool, reason: str, addresses: tuple[str, ...]) -> None:
    """Raise UsageError for options that do not go together; `actions` are the given ones that write a file."""
    if len(actions) > 1:
        raise click.UsageError(f"{' and '.join(actions)} cannot be combined: name the addresses for each of them.")
    if accept_options and "--accept" not in actions:
        raise click.UsageError("--added and --dry-run need --accept.")
    if reason and "--tolerate-until" not in actions:
        raise click.UsageError("--reason needs --tolerate-until.")
    if addresses and not actions:
        raise click.UsageError(
            "ADDRESS needs --accept, --tolerate-until or --remove-obsolete. To check some addresses, use --target."
        )
