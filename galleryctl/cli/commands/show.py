"""`galleryctl show`: a saved plan, the state, or what the site has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from galleryctl.cli import output
from galleryctl.cli.event_loop import run_async
from galleryctl.cli.options import CliSettings, common_options, get_settings
from galleryctl.model.errors import GalleryctlError

if TYPE_CHECKING:
    from galleryctl.model.keyed import KeyedSite


@click.command("show")
@common_options
@click.argument("what", metavar="[PLAN | GALLERY | GALLERY/ITEM]", required=False)
@click.option("--state", "state", is_flag=True, help="Show what state knows; the default without an argument.")
@click.option("--live", is_flag=True, help="Show the live site: its galleries, or the one that is named.")
@click.pass_context
def command(context: click.Context, what: str | None, state: bool, live: bool) -> None:
    """Show a plan that `plan --out` wrote, or a live gallery or item, by key, id or name.

    Without an argument, show the state; with --live alone, all galleries of the site. An argument that is both a file
    and a gallery's name is taken for a plan, unless --live is given.
    """
    settings = get_settings(context)
    if state and (live or what):
        raise click.UsageError("--state shows all that state knows: give nothing else with it.")
    if what is not None and not live and (settings.directory / what).is_file():
        _print_plan(settings.directory / what, settings)
    elif what is not None and not live and Path(what).suffix == ".json":
        raise GalleryctlError("there is no such plan file", where=what, do="make one with: galleryctl plan --out FILE")
    elif live or what is not None:
        output.require_format(settings, "text", "json", "markdown")
        _print_live(run_async(_read_live(settings, what)), settings)
    else:
        from galleryctl.cli.run.state import print_state, read_workspace_state

        output.require_format(settings, "text", "json")
        known = run_async(read_workspace_state(settings))
        print_state(known.state, known.bindings, settings)


def _print_plan(path: Path, settings: CliSettings) -> None:
    from galleryctl.cli.run.plan import print_plan, read_plan

    plan = read_plan(path)
    print_plan(plan, settings)
    if plan.signature:
        output.info(settings, "This plan is signed; apply checks with which passphrase.")


async def _read_live(settings: CliSettings, what: str | None) -> KeyedSite:
    from galleryctl.cli.workspace import get_workspace
    from galleryctl.engine.importing.keys import read_site_manifests
    from galleryctl.engine.show import read_named_gallery, read_named_site

    workspace = get_workspace(settings)
    async with workspace.open() as site:
        shelf = read_site_manifests(workspace.config, workspace.name)
        return await (read_named_site(site, shelf) if what is None else read_named_gallery(site, shelf, what))


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
