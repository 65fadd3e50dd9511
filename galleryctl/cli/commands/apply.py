"""`galleryctl apply`: make the site match the manifests."""

from __future__ import annotations

from pathlib import Path

import click

from galleryctl.cli.event_loop import run_async
from galleryctl.cli.options import (
    auto_approve_option,
    common_options,
    deadline_option,
    get_settings,
    guard_options,
    lock_timeout_option,
    report_option,
    target_option,
)


@click.command("apply")
@common_options
@target_option
@guard_options
@click.argument("plan_file", metavar="[PLAN]", required=False, type=click.Path(dir_okay=False, path_type=Path))
@auto_approve_option
@click.option(
    "--overwrite-conflicts",
    is_flag=True,
    help="Overwrite what people changed on the site and the manifests changed, too.",
)
@click.option("--expect-digest", metavar="DIGEST", default="", help="Apply only the plan with this review digest.")
@click.option(
    "--require-undiverged", is_flag=True, help="In a CI job: apply only if the branch is not behind its base."
)
@lock_timeout_option
@deadline_option
@report_option
@click.pass_context
def command(
    context: click.Context,
    plan_file: Path | None,
    targets: tuple[str, ...],
    max_delete_percent: float | None,
    allow_empty: bool,
    allow_recreate: bool,
    adopt_guesses: bool,
    auto_approve: bool,
    overwrite_conflicts: bool,
    expect_digest: str,
    require_undiverged: bool,
    lock_timeout: float | None,
    deadline: float | None,
) -> int:
    """Apply a saved plan, or plan, confirm and apply.

    PLAN is a file written by `plan --out`; it is applied without confirmation.
    """
    from galleryctl.cli.run.apply import run_apply
    from galleryctl.cli.run.plan import DIGEST_PREFIX, plan_options, read_plan
    from galleryctl.plan.make import PlanOptions

    options = plan_options(
        targets,
        max_delete_percent=max_delete_percent,
        allow_empty=allow_empty,
        allow_recreate=allow_recreate,
        adopt_guesses=adopt_guesses,
    )
    if plan_file is not None and options != PlanOptions():
        raise click.UsageError(
            "--target, --max-delete-percent, --allow-empty, --allow-recreate and --adopt-guesses cannot be combined with a "
            "saved plan; give them to `plan`."
        )
    settings = get_settings(context)
    saved = read_plan(settings.directory / plan_file) if plan_file is not None else None
    ask = not auto_approve and saved is None
    if expect_digest and not DIGEST_PREFIX.fullmatch(expect_digest):
        raise click.UsageError("--expect-digest must be 12 to 64 hexadecimal digits.")
    applying = run_apply(
        settings,
        options,
        saved=saved,
        ask=ask,
        lock_timeout=lock_timeout,
        operation="apply",
        overwrite_conflicts=overwrite_conflicts,
        expect_digest=expect_digest,
        require_undiverged=require_undiverged,
        deadline=deadline,
    )
    return run_async(applying)
