"""How a failure is told: the errors of ours as they are, the system's by its words, anything else as our bug."""

from __future__ import annotations

import traceback

import click

from galleryctl.cli import output
from galleryctl.cli.options import CliSettings
from galleryctl.model.errors import GalleryctlError, InvalidInput, Problem

_HUMAN_FORMATS = ("text", "markdown")
"""Formats whose failures a person reads, where errors go; a program that asked for another reads standard output."""


def print_failure(error: Exception, settings: CliSettings) -> int:
    """Print `error` in the format that the options name, and return the exit code that it means."""
    if not isinstance(error, GalleryctlError):
        error = _internal_error(error, settings)
    from galleryctl.report.render import render

    err = settings.format in _HUMAN_FORMATS
    text = render(error, settings.format, color=output.use_color(settings, err=err), width=output.terminal_width())
    if err:
        click.echo(text, err=True, nl=not text.endswith("\n"))
        return error.exit_code
    try:
        output.result(text)
    except GalleryctlError as lost:
        click.echo(f"{error}\n{lost}", err=True)
    return error.exit_code


def print_usage_error(error: click.ClickException, format: str) -> int:  # noqa: A002 - the option's name
    """Print what is wrong with the command line, and return 1: 2 always means changes."""
    if format in _HUMAN_FORMATS:
        error.show()
        return 1
    context = error.ctx if isinstance(error, click.UsageError) else None
    do = f"see {context.command_path} --help" if context else ""
    problem = Problem(None, error.format_message())
    return print_failure(InvalidInput((problem,), do=do), CliSettings(format=format))


def _internal_error(error: Exception, settings: CliSettings) -> GalleryctlError:
    if settings.verbose:
        click.echo("".join(traceback.format_exception(error)), err=True)
    if isinstance(error, OSError):  # a disk, a right or a file that nobody thought of: the system's no, not ours
        return GalleryctlError(error.strerror or str(error), where=error.filename)
    return GalleryctlError(
        f"this is a bug in galleryctl: {type(error).__name__}: {error}",
        do="run it again with -v for the traceback, and report it",
    )
