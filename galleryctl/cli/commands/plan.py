"""`galleryctl plan`: show the changes an apply would make."""

from __future__ import annotations

from pathlib import Path

import click

from galleryctl.cli.event_loop import run_async
from galleryctl.cli.options import (
    OutputFile,
    common_options,
    deadline_option,
    get_settings,
    guard_options,
    report_option,
    target_option,
)


@click.command("plan")
@common_options
@target_option
@guard_options
@click.option("--out", type=OutputFile(), metavar="FILE", help="Write the plan to FILE, for `apply FILE`.")
@click.option("--destroy", is_flag=True, help="Plan to delete all managed resources.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 if there are changes.")
@deadline_option
@report_option
@click.pass_context
def command(
    context: click.Context,
    targets: tuple[str, ...],
    max_delete_percent: float | None,
    allow_empty: bool,
    allow_recreate: bool,
    adopt_guesses: bool,
    out: Path | None,
    destroy: bool,
    detailed_exitcode: bool,
    deadline: float | None,
) -> int:
    """Show the changes an apply would make.

    Neither the site nor the state is changed.
    """
    from galleryctl.cli import output
    from galleryctl.cli.reports import check_reports, write_reports
    from galleryctl.cli.run.plan import check_plan_file, plan_options, write_plan
    from galleryctl.cli.workspace import get_workspace
    from galleryctl.engine.signing import sign_plan
    from galleryctl.manifest.files.symlinks import ensure_inside
    from galleryctl.model.command import Advice, command_line
    from galleryctl.report.results import SiteResult
    from galleryctl.session.run import plan_workspace

    settings = get_settings(context)
    if destroy and (allow_empty or allow_recreate or adopt_guesses):
        raise click.UsageError("--destroy cannot be combined with --allow-empty, --allow-recreate or --adopt-guesses.")
    if out in [report.file for report in settings.reports]:
        raise click.UsageError("--out and --report cannot write the same file.")
    options = plan_options(
        targets,
        max_delete_percent=max_delete_percent,
        allow_empty=allow_empty,
        allow_recreate=allow_recreate,
        adopt_guesses=adopt_guesses,
        destroy=destroy,
    )
    workspace = get_workspace(settings)
    path = None if out is None else ensure_inside(settings.directory, settings.directory / out)
    if path is not None:
        check_plan_file(path, workspace)
    check_reports(settings)
    plan = run_async(plan_workspace(workspace, options), deadline=deadline)
    if path is not None:
        plan = sign_plan(plan, workspace.passphrases()[0])
        write_plan(plan, path)
    code = 0
    if out is None:
        output.print_result(plan, settings)
    else:
        unwritten = write_reports(settings, SiteResult(subject=plan))
        code = output.outcome(output.rendered(plan, settings))
        kind = "signed plan" if plan.signature else "plan"
        advice = "To perform exactly these actions, run: " + command_line("apply", str(out))
        if plan.refusals:
            advice = Advice("A safety check rejected it, so it cannot be applied.")
        output.info(settings, settings.for_this_workspace(f"Saved the {kind} to {out}. " + advice))
        if unwritten is not None:
            raise unwritten
    if plan.refusals:
        return 1
    return code or (2 if detailed_exitcode and not plan.is_empty else 0)
