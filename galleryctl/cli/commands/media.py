"""`galleryctl media`: the files that galleryctl uploaded, and which of them nothing needs any more."""

from __future__ import annotations

import click

from galleryctl.cli import output
from galleryctl.cli.event_loop import run_async
from galleryctl.cli.options import CliSettings, common_options, get_settings, lock_timeout_option


@click.group("media")
@common_options
def command() -> None:
    """List the files that galleryctl uploaded to the Media Manager, and delete those that nothing needs."""


@command.command("list")
@common_options
@click.pass_context
def media_list(context: click.Context) -> None:
    """List the uploaded files: which galleries show them, whether a manifest names them, whether state knows them."""
    settings = get_settings(context)
    output.require_format(settings, "text", "json")
    run_async(_list(settings))


async def _list(settings: CliSettings) -> None:
    from galleryctl.cli.workspace import get_workspace
    from galleryctl.engine.importing.keys import read_site_manifests
    from galleryctl.engine.media_gc import list_uploaded_files
    from galleryctl.engine.state.load import read_state
    from galleryctl.report.media import media_json, media_text

    workspace = get_workspace(settings)
    desired = read_site_manifests(workspace.config, workspace.name).desired
    async with workspace.open() as site:
        files = await list_uploaded_files(site, desired, read_state(site).bindings)
    if settings.format == "json":
        output.result(media_json(site.site_id, files))
    elif files:
        output.result(media_text(files, color=output.use_color(settings), width=output.terminal_width()))
    else:
        output.result("Nothing of what galleryctl uploaded is in the Media Manager.")


@command.command("gc")
@common_options
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@click.option("--permanent", is_flag=True, help="Delete for good, not into the trash bin.")
@lock_timeout_option
@click.pass_context
def media_gc(context: click.Context, auto_approve: bool, permanent: bool, lock_timeout: float) -> int:
    """Delete the uploaded files that no gallery of the site shows and no manifest names; no other file is touched."""
    from galleryctl.cli.run.media import run_media_gc

    settings = get_settings(context)
    output.require_format(settings, "text", "json")
    return run_async(run_media_gc(settings, ask=not auto_approve, permanent=permanent, lock_timeout=lock_timeout))
