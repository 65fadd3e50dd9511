"""`galleryctl media`: list uploaded files and delete unused ones."""

from __future__ import annotations

import click

from galleryctl.cli import output
from galleryctl.cli.event_loop import run_async
from galleryctl.cli.options import CliSettings, auto_approve_option, common_options, get_settings, lock_timeout_option


@click.group("media")
@common_options
def command() -> None:
    """List uploaded files and delete unused ones."""


@command.command("list")
@common_options
@click.pass_context
def media_list(context: click.Context) -> None:
    """List the files that galleryctl uploaded.

    The list shows which galleries use a file, and whether a manifest references it and state records it.
    """
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
        output.result("The Media Manager has no files uploaded by galleryctl.")


@command.command("gc")
@common_options
@auto_approve_option
@click.option("--permanent", is_flag=True, help="Delete permanently instead of moving to the trash bin.")
@lock_timeout_option
@click.pass_context
def media_gc(context: click.Context, auto_approve: bool, permanent: bool, lock_timeout: float | None) -> int:
    """Delete uploaded files that no gallery or manifest uses.

    Files that were not uploaded by galleryctl are never deleted.
    """
    from galleryctl.cli.run.media import run_media_gc

    settings = get_settings(context)
    output.require_format(settings, "text", "json")
    return run_async(run_media_gc(settings, ask=not auto_approve, permanent=permanent, lock_timeout=lock_timeout))
