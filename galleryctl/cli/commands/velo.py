"""`galleryctl velo`: the page code for a gallery that the API made."""

from __future__ import annotations

import re
from pathlib import Path

import click

from galleryctl.cli.options import common_options, get_settings


def _component_selector(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if not re.fullmatch(r"#[A-Za-z][\w-]*", value, re.ASCII):
        message = f"{value!r} is no component's id with a # before it, as in '#gallery'."
        raise click.BadParameter(message, context, parameter)
    return value


@click.command("velo")
@common_options
@click.argument("gallery", metavar="GALLERY")
@click.option(
    "--component",
    default="#gallery",
    show_default=True,
    metavar="ID",
    callback=_component_selector,
    help="The gallery component of the page.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write the two files below DIR instead of printing them.",
)
@click.pass_context
def command(context: click.Context, gallery: str, component: str, out: Path | None) -> int:
    """Print the page code that shows GALLERY, which was created by the API, in a gallery component.

    A gallery that was created in the Editor needs no code.
    """
    from galleryctl.cli.run.velo import print_page_code

    settings = get_settings(context, unused=("--format",))
    folder = None if out is None else settings.directory / out
    print_page_code(settings, gallery, component=component, out=folder)
    return 0
