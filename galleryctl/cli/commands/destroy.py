"""`galleryctl destroy`: delete from the site what the workspace manages."""

from __future__ import annotations

import click

from galleryctl.cli.event_loop import run_async
from galleryctl.cli.options import common_options, get_settings, lock_timeout_option, target_option


@click.command("destroy")
@common_options
@target_option
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@lock_timeout_option
@click.pass_context
def command(context: click.Context, targets: tuple[str, ...], auto_approve: bool, lock_timeout: float) -> int:
    """Delete all managed resources that are not protected; nothing else is touched."""
    from galleryctl.cli.run.apply import run_apply
    from galleryctl.cli.run.plan import plan_options

    options = plan_options(targets, max_delete_percent=None, allow_empty=False, allow_recreate=False, destroy=True)
    return run_async(
        run_apply(
            get_settings(context),
            options,
            saved=None,
            ask=not auto_approve,
            lock_timeout=lock_timeout,
            operation="destroy",
        )
    )
