"""`galleryctl apply`: make the site what the manifests say."""

from __future__ import annotations

from pathlib import Path

import click

from galleryctl.cli.event_loop import run_async
from galleryctl.cli.options import common_options, get_settings, guard_options, lock_timeout_option, target_option


@click.command("apply")
@common_options
@target_option
@guard_options
@click.argument("plan_file", metavar="[PLAN]", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@lock_timeout_option
@click.pass_context
def command(
    context: click.Context,
    plan_file: Path | None,
    targets: tuple[str, ...],
    max_delete_percent: float | None,
    allow_empty: bool,
    allow_recreate: bool,
    auto_approve: bool,
    lock_timeout: float,
) -> int:
    """Carry out PLAN, a file written by `plan --out`; without it, plan, ask, and carry that out."""
    from galleryctl.cli.run.apply import run_apply
    from galleryctl.cli.run.plan import plan_options, read_plan

    if plan_file is not None and (targets or max_delete_percent is not None or allow_empty or allow_recreate):
        raise click.UsageError("A saved plan is applied as it is: give --target and the guards' options to `plan`.")
    options = plan_options(
        targets, max_delete_percent=max_delete_percent, allow_empty=allow_empty, allow_recreate=allow_recreate
    )
    settings = get_settings(context)
    saved = read_plan(settings.directory / plan_file) if plan_file is not None else None
    return run_async(
        run_apply(
            settings,
            options,
            saved=saved,
            ask=not auto_approve and saved is None,
            lock_timeout=lock_timeout,
            operation="apply",
        )
    )
