"""`galleryctl media`: the files that galleryctl uploaded, and which of them nothing needs any more."""

from __future__ import annotations

import click

from galleryctl.cli import output
from galleryctl.cli.loop import complete
from galleryctl.cli.options import Settings, common, lock_timeout, settings_of


@click.group("media")
@common
def command() -> None:
    """List the files that galleryctl uploaded to the Media Manager, and delete those that nothing needs."""


@command.command("list")
@common
@click.pass_context
def list_(context: click.Context) -> None:
    """List the uploaded files: which galleries show them, whether a manifest names them, whether state knows them."""
    settings = settings_of(context)
    output.need_format(settings, "text", "json")
    complete(_list(settings))


async def _list(settings: Settings) -> None:
    from galleryctl.cli.workspace import workspace_of
    from galleryctl.engine.collecting import list_uploaded_files
    from galleryctl.engine.naming import read_site_manifests
    from galleryctl.engine.settled import read_state
    from galleryctl.report.media import media_json, media_text

    workspace = workspace_of(settings)
    desired = read_site_manifests(workspace.config, workspace.name).desired
    async with workspace.open() as site:
        files = await list_uploaded_files(site, desired, read_state(site).bindings)
    if settings.format == "json":
        output.result(media_json(site.site_id, files))
    elif files:
        output.result(media_text(files, color=output.wants_color(settings), width=output.width()))
    else:
        output.result("Nothing of what galleryctl uploaded is in the Media Manager.")


@command.command("gc")
@common
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@click.option("--permanent", is_flag=True, help="Delete for good, not into the trash bin.")
@lock_timeout
@click.pass_context
def gc(context: click.Context, auto_approve: bool, permanent: bool, lock_timeout: float) -> int:
    """Delete the uploaded files that no gallery of the site shows and no manifest names; no other file is touched."""
    from galleryctl.cli.collecting import run_gc

    settings = settings_of(context)
    output.need_format(settings, "text", "json")
    return complete(run_gc(settings, ask=not auto_approve, permanent=permanent, lock_timeout=lock_timeout))
