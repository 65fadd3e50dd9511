"""Failures: galleryctl's own errors are printed as they are, others as an error of the system or a bug."""

from __future__ import annotations

import traceback

import click

from galleryctl.cli import output
from galleryctl.cli.options import CliSettings
from galleryctl.model.errors import InvalidInput, Problem, UnexpectedError
from galleryctl.plan.changes import Plan

_HUMAN_FORMATS = ("text", "markdown")
"""Formats whose failures go to standard error; in all formats but text they are also results."""


def print_failure(error: Exception, settings: CliSettings, *, plan: Plan | None = None) -> int:
    """Print `error` in the requested format, write it to the reports, and return its exit code.

    `plan` is the one that the run has made, if any: Markdown, HTML and reports show it after the failure.
    """
    from galleryctl.cli.reports import UnwrittenReportError, write_reports
    from galleryctl.report.render import render
    from galleryctl.report.results import SiteResult

    error = UnexpectedError.of(error)
    if settings.verbose and isinstance(error, UnexpectedError):
        click.echo("".join(traceback.format_exception(error.__cause__)), err=True)
    error.do = settings.for_this_workspace(error.do)
    results = [SiteResult(subject=error), *([SiteResult(subject=plan)] if plan else [])]
    # The reports that could be written have the result.
    unwritten = None if isinstance(error, UnwrittenReportError) else write_reports(settings, *results)
    if settings.format in _HUMAN_FORMATS:
        color = output.use_color(settings, err=True)
        click.echo(render(error, "text", color=color, width=output.terminal_width()), err=True, nl=False)
    if settings.format != "text":
        output.outcome(output.rendered_results(results, settings))
    if unwritten is not None and str(unwritten) != str(error):
        click.echo(render(unwritten, "text", color=output.use_color(settings, err=True)), err=True, nl=False)
    return error.exit_code


def print_usage_error(error: click.ClickException, settings: CliSettings) -> int:
    """Print an error in the command line, and return 1, not click's 2: exit code 2 means changes."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    do = f"see {context.command_path} --help" if context else ""
    problem = Problem(None, error.format_message())
    failure = InvalidInput((problem,), do=do)
    if settings.format not in _HUMAN_FORMATS:
        return print_failure(failure, settings)
    from galleryctl.cli.reports import write_reports
    from galleryctl.report.results import SiteResult

    error.show()
    result = SiteResult(subject=failure)
    write_reports(settings, result)
    if settings.format != "text":
        output.outcome(output.rendered_results([result], settings))
    return 1
