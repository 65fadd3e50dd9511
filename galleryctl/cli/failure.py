"""Failures: galleryctl's own errors are printed as they are, others as an error of the system or a bug."""

from __future__ import annotations

import traceback

import click

from galleryctl.cli import output
from galleryctl.cli.options import CliSettings
from galleryctl.model.errors import GalleryctlError, InvalidInput, Problem

_HUMAN_FORMATS = ("text", "markdown")
"""Formats whose failures go to standard error; failures in the other formats are results for programs."""


def print_failure(error: Exception, settings: CliSettings) -> int:
    """Print `error` in the requested format, and return its exit code."""
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
    except GalleryctlError as output_error:
        click.echo(f"{error}\n{output_error}", err=True)
    return error.exit_code


def print_usage_error(error: click.ClickException, format: str) -> int:  # noqa: A002 - the option's name
    """Print an error in the command line, and return 1, not click's 2: exit code 2 means changes."""
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
    if isinstance(error, OSError):  # caused by the system (a full disk, a permission), not by a bug
        return GalleryctlError(error.strerror or str(error), where=error.filename)
    return GalleryctlError(
        f"this is a bug in galleryctl: {type(error).__name__}: {error}",
        do="run the command again with -v for a traceback, and report this bug",
    )
