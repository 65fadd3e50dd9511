"""`galleryctl schema`: print the JSON Schemas."""

from __future__ import annotations

import click

from galleryctl.cli.options import common_options, get_settings


@click.command("schema")
@common_options
@click.argument("name", required=False, metavar="[NAME]")
@click.pass_context
def command(context: click.Context, name: str | None) -> int:
    """Print a JSON Schema, or list all schemas."""
    from galleryctl.cli import output
    from galleryctl.manifest.schema import schema_names
    from galleryctl.manifest.write.templates import schema_text

    get_settings(context, unused=("-C", "--site", "--format"))
    if name is None:
        output.result("".join(f"{name}\n" for name in schema_names()))
    else:
        output.raw(schema_text(name))
    return 0
