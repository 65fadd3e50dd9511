"""`galleryctl destroy`: delete the managed resources."""

from __future__ import annotations

import click

from galleryctl.cli.event_loop import run_async
from galleryctl.cli.options import (
    auto_approve_option,
    common_options,
    deadline_option,
    get_settings,
    lock_timeout_option,
    report_option,
    target_option,
)


@click.command("destroy")
@common_options
@target_option
@auto_approve_option
@lock_timeout_option
@deadline_option
@report_option
@click.pass_context
def command(
    context: click.Context,
    targets: tuple[str, ...],
    auto_approve: bool,
    lock_timeout: float | None,
    deadline: float | None,
) -> int:
    """Delete all managed resources, if none is protected.

    Unmanaged resources are left alone.
    """
    from galleryctl.cli.run.apply import run_apply
    from galleryctl.cli.run.plan import plan_options

    options = plan_options(targets, max_delete_percent=None, allow_empty=False, allow_recreate=False, destroy=True)
    ask, settings = not auto_approve, get_settings(context)
    destroying = run_apply(
        settings,
        options,
        saved=None,
        ask=ask,
        lock_timeout=lock_timeout,
        operation="destroy",
        deadline=deadline,
    )
    return run_async(destroying)
