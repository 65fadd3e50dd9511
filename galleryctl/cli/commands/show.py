"""`galleryctl show`: show a saved plan, the state or the live site."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from galleryctl.cli import output
from galleryctl.cli.event_loop import run_async
from galleryctl.cli.options import CliSettings, common_options, get_settings
from galleryctl.model.command import command_line
from galleryctl.model.errors import GalleryctlError

if TYPE_CHECKING:
    from galleryctl.model.keyed import KeyedSite


@click.command("show")
@common_options
@click.argument("what", metavar="[PLAN | GALLERY | GALLERY/ITEM]", required=False)
@click.option("--state", "state", is_flag=True, help="Show the state (the default without an argument).")
@click.option("--live", is_flag=True, help="Show the live site: all galleries, or the given one.")
@click.pass_context
def command(context: click.Context, what: str | None, state: bool, live: bool) -> None:
    """Show a saved plan, the state, or a live gallery or item.

    PLAN is a file written by `plan --out`. A gallery or item is given by key, ID or name. If a file and a gallery have
    the same name, the file is shown unless --live is given.
    """
    settings = get_settings(context)
    if state and (live or what):
        raise click.UsageError("--state cannot be combined with --live or an argument.")
    if what is not None and not live and (settings.directory / what).is_file():
        _print_plan(settings.directory / what, settings)
    elif what is not None and not live and Path(what).suffix == ".json":
        raise GalleryctlError(
            "plan file not found", where=what, do="create one: " + command_line("plan", "--out", "FILE")
        )
    elif live or what is not None:
        output.require_format(settings, "text", "json", "markdown")
        _print_live(run_async(_read_live(settings, what)), settings)
    else:
        from galleryctl.cli.run.state import print_state, read_workspace_state

        output.require_format(settings, "text", "json")
        loaded = run_async(read_workspace_state(settings))
        print_state(loaded.state, loaded.bindings, settings)


def _print_plan(path: Path, settings: CliSettings) -> None:
    from galleryctl.cli.run.plan import read_plan

    plan = read_plan(path)
    output.print_result(plan, settings)
    if plan.signature:
        output.info(settings, "This plan is signed; apply verifies the signature.")


async def _read_live(settings: CliSettings, what: str | None) -> KeyedSite:
    from galleryctl.cli.workspace import get_workspace
    from galleryctl.engine.importing.keys import read_site_manifests
    from galleryctl.engine.show import read_named_gallery, read_named_site

    workspace = get_workspace(settings)
    async with workspace.open() as site:
        manifests = read_site_manifests(workspace.config, workspace.name)
        return await (read_named_site(site, manifests) if what is None else read_named_gallery(site, manifests, what))


def _print_live(shown: KeyedSite, settings: CliSettings) -> None:
    from galleryctl.report import live

    match settings.format:
        case "json":
            output.result(live.live_json(shown))
        case "markdown":
            output.result(live.live_markdown(shown))
        case _:
            color, width = output.use_color(settings), output.terminal_width()
            output.result(live.live_text(shown, color=color, width=width))
