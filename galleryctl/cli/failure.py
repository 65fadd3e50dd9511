"""How a failure is told: the errors of ours as they are, anything else as a bug of ours."""

from __future__ import annotations

import traceback

import click

from galleryctl.cli import output
from galleryctl.cli.options import Settings
from galleryctl.model.errors import GalleryctlError


def show_failure(error: Exception, settings: Settings) -> int:
    """Print `error` in the format that the options name, and return the exit code that it means."""
    if not isinstance(error, GalleryctlError):
        error = _bug(error, settings)
    from galleryctl.report.render import render

    text = render(error, settings.format, color=output.wants_color(settings), width=output.width())
    # A program that asked for JSON reads standard output; a person reads the message where errors go.
    click.echo(text, err=settings.format in ("text", "markdown"), nl=not text.endswith("\n"))
    return error.exit_code


def _bug(error: Exception, settings: Settings) -> GalleryctlError:
    if settings.verbose:
        click.echo("".join(traceback.format_exception(error)), err=True)
    return GalleryctlError(
        f"this is a bug in galleryctl: {type(error).__name__}: {error}",
        do="run it again with -v for the traceback, and report it",
    )
