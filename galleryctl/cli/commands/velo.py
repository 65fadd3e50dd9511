"""`galleryctl velo`: page code for a gallery created by the API."""

from __future__ import annotations

import re
from pathlib import Path

import click

from galleryctl.cli.options import common_options, get_settings


def _component_selector(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if not re.fullmatch(r"#[A-Za-z][\w-]*", value, re.ASCII):
        message = f"{value!r} is not a valid component selector: use '#' and the component's ID, as in '#gallery'."
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
    help="Selector of the gallery component on the page.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write both files to DIR instead of printing them.",
)
@click.pass_context
def command(context: click.Context, gallery: str, component: str, out: Path | None) -> int:
    """Print page code that shows a gallery in a gallery component.

    A gallery created by the API needs this code; a gallery created in the Editor does not.
    """
    from galleryctl.cli.run.velo import print_page_code

    settings = get_settings(context, unused=("--format",))
    folder = None if out is None else settings.directory / out
    print_page_code(settings, gallery, component=component, out=folder)
    return 0
