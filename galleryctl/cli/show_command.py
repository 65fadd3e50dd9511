"""`galleryctl show`: a saved plan, the state, or what the site has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from galleryctl.cli import output
from galleryctl.cli.loop import complete
from galleryctl.cli.options import Settings, common, settings_of
from galleryctl.model.errors import GalleryctlError

if TYPE_CHECKING:
    from galleryctl.model.named import KeyedSite


@click.command("show")
@common
@click.argument("what", metavar="[PLAN | GALLERY | GALLERY/ITEM]", required=False)
@click.option("--state", "state", is_flag=True, help="Show what state knows; the default without an argument.")
@click.option("--live", is_flag=True, help="Show the live site: its galleries, or the one that is named.")
@click.pass_context
def command(context: click.Context, what: str | None, state: bool, live: bool) -> None:
    """Show a plan that `plan --out` wrote, or a live gallery or item, by key, id or name.

    Without an argument, show the state; with --live alone, all galleries of the site. An argument that is both a file
    and a gallery's name is taken for a plan, unless --live is given.
    """
    settings = settings_of(context)
    if state and (live or what):
        raise click.UsageError("--state shows all that state knows: give nothing else with it.")
    if what is not None and not live and (settings.directory / what).is_file():
        _plan(settings.directory / what, settings)
    elif what is not None and not live and Path(what).suffix == ".json":
        raise GalleryctlError("there is no such plan file", where=what, do="make one with: galleryctl plan --out FILE")
    elif live or what is not None:
        output.need_format(settings, "text", "json", "markdown")
        _print(complete(_live(settings, what)), settings)
    else:
        from galleryctl.cli.remembering import look, show_state

        output.need_format(settings, "text", "json")
        known = complete(look(settings))
        show_state(known.state, known.bindings, settings)


def _plan(path: Path, settings: Settings) -> None:
    from galleryctl.cli.planning import read_plan, show_plan

    plan = read_plan(path)
    show_plan(plan, settings)
    if plan.signature:
        output.remark(settings, "This plan is signed; apply checks with which passphrase.")


async def _live(settings: Settings, what: str | None) -> KeyedSite:
    from galleryctl.cli.workspace import workspace_of
    from galleryctl.engine.naming import read_site_manifests
    from galleryctl.engine.showing import read_named_gallery, read_named_site

    workspace = workspace_of(settings)
    async with workspace.open() as site:
        shelf = read_site_manifests(workspace.config, workspace.name)
        return await (read_named_site(site, shelf) if what is None else read_named_gallery(site, shelf, what))


def _print(shown: KeyedSite, settings: Settings) -> None:
    from galleryctl.report import live

    match settings.format:
        case "json":
            output.result(live.live_json(shown))
        case "markdown":
            output.result(live.live_markdown(shown))
        case _:
            color, width = output.wants_color(settings), output.width()
            output.result(live.live_text(shown, color=color, width=width))
