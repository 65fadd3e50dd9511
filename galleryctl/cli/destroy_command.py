"""`galleryctl destroy`: delete from the site what the workspace manages."""

from __future__ import annotations

import click

from galleryctl.cli.loop import complete
from galleryctl.cli.options import common, lock_timeout, settings_of, targets


@click.command("destroy")
@common
@targets
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@lock_timeout
@click.pass_context
def command(context: click.Context, targets: tuple[str, ...], auto_approve: bool, lock_timeout: float) -> int:
    """Delete all managed resources that are not protected; nothing else is touched."""
    from galleryctl.cli.applying import run_apply
    from galleryctl.cli.planning import plan_options

    options = plan_options(targets, max_delete_percent=None, allow_empty=False, allow_recreate=False, destroy=True)
    return complete(
        run_apply(
            settings_of(context),
            options,
            saved=None,
            ask=not auto_approve,
            lock_timeout=lock_timeout,
            operation="destroy",
        )
    )
