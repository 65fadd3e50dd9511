"""Failures: galleryctl's own errors are printed as they are, others as an error of the system or a bug."""

from __future__ import annotations

import traceback

import click

from galleryctl.cli import output
from galleryctl.cli.options import CliSettings
from galleryctl.model.errors import InvalidInput, Problem, UnexpectedError

_HUMAN_FORMATS = ("text", "markdown")
"""Formats whose failures go to standard error; failures in the other formats are results for programs."""


def print_failure(error: Exception, settings: CliSettings) -> int:
    """Print `error` in the requested format, and return its exit code."""
    error = UnexpectedError.of(error)
    if settings.verbose and isinstance(error, UnexpectedError):
        click.echo("".join(traceback.format_exception(error.__cause__)), err=True)
    error.do = settings.for_this_workspace(error.do)
    from galleryctl.report.render import render

    err = settings.format in _HUMAN_FORMATS
    text = render(error, settings.format, color=output.use_color(settings, err=err), width=output.terminal_width())
    if err:
        click.echo(text, err=True, nl=not text.endswith("\n"))
    else:
        output.outcome(text)
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
