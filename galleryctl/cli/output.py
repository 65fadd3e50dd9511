"""Printing: results go to standard output, everything else to standard error."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

import click

from galleryctl.cli.options import CliSettings
from galleryctl.cli.streams import redirect_stdout
from galleryctl.model.checkup import Diagnosis, Validation, WriteResult
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.lint import LintReport

if TYPE_CHECKING:
    from galleryctl.report.results import SiteResult, Subject


def use_color(settings: CliSettings, *, err: bool = False) -> bool:
    """Return True if the stream is a terminal and neither --no-color, NO_COLOR nor TERM=dumb disables colors."""
    disabled = settings.no_color or bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    return not disabled and _is_terminal(sys.stderr if err else sys.stdout)


def terminal_width() -> int:
    """Return the columns of the terminal, 100 if standard output is not one."""
    return shutil.get_terminal_size((100, 24)).columns if _is_terminal(sys.stdout) else 100


def result(text: str) -> None:
    """Print the result of the command. Raises GalleryctlError if it cannot be written."""
    with _stdout_errors():
        click.echo(text, nl=not text.endswith("\n"), color=True)


def outcome(text: str) -> int:
    """Print the result of a command that has written: on standard error if standard output does not take it.

    Returns the exit code of the output alone: 3 if it is incomplete, else 0. A reader that has exited, as `head` does,
    wanted no more.
    """
    try:
        result(text)
    except BrokenPipeError:
        code = 0
    except GalleryctlError as error:
        click.echo(f"{error}\n  it follows here", err=True)
        code = 3
    else:
        return 0
    redirect_stdout()
    click.echo(text, nl=not text.endswith("\n"), err=True)
    return code


def rendered(subject: Subject, settings: CliSettings, *, drift: bool = False) -> str:
    """Return a result in the requested format; `drift` shows a plan as changes on the site."""
    from galleryctl.report.results import SiteResult

    return rendered_results([SiteResult(subject=subject, drift=drift)], settings)


def rendered_results(results: Sequence[SiteResult], settings: CliSettings) -> str:
    """Return the results of one run in the requested format."""
    from galleryctl.cli.reports import report_context
    from galleryctl.report.render import render_results

    return render_results(
        results,
        settings.format,
        color=use_color(settings),
        width=terminal_width(),
        verbose=settings.verbose > 0,
        context=report_context(settings),
    )


def print_result(subject: Subject, settings: CliSettings, *, drift: bool = False) -> None:
    """Write the reports, and print a result as `rendered` returns it. Raises as `result`, and UnwrittenReportError."""
    from galleryctl.cli.reports import write_reports
    from galleryctl.report.results import SiteResult

    unwritten = write_reports(settings, SiteResult(subject=subject, drift=drift))
    try:
        result(rendered(subject, settings, drift=drift))
    except BrokenPipeError:
        if unwritten is None:
            raise
    if unwritten is not None:
        raise unwritten


def print_checkup(checkup: Validation | WriteResult | Diagnosis, settings: CliSettings) -> None:
    """Print a checkup; as text with -q only a diagnosis, since the others only report success."""
    _print_unless_quiet(checkup, settings, is_success=not isinstance(checkup, Diagnosis))


def print_lint(report: LintReport, settings: CliSettings) -> None:
    """Print the findings; as text with -q nothing if there are none."""
    _print_unless_quiet(report, settings, is_success=not report.findings)


def _print_unless_quiet(subject: Subject, settings: CliSettings, *, is_success: bool) -> None:
    """Print a result, but as text with -q no success; its reports are written in any case."""
    if not (is_success and settings.quiet and settings.format == "text"):
        print_result(subject, settings)
        return
    from galleryctl.cli.reports import write_reports
    from galleryctl.report.results import SiteResult

    if unwritten := write_reports(settings, SiteResult(subject=subject)):
        raise unwritten


def print_written(written: WriteResult, settings: CliSettings) -> int:
    """Print which files were written, with -q not as text; return the exit code as `outcome` does."""
    return 0 if settings.quiet and settings.format == "text" else outcome(rendered(written, settings))


def raw(text: str) -> None:
    """Print the content of a file, in UTF-8 and byte for byte. Raises as `result`."""
    buffer = getattr(sys.stdout, "buffer", None)  # missing if closed or replaced by a caller
    with _stdout_errors():
        if buffer is None:
            click.echo(text, nl=False)
            return
        sys.stdout.flush()
        buffer.write(text.encode())
        buffer.flush()


@contextmanager
def _stdout_errors() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise  # the reader closed the pipe on purpose
    except OSError as error:
        raise GalleryctlError(
            "cannot write the result", where="standard output", why=error.strerror or str(error)
        ) from error


def info(settings: CliSettings, text: str) -> None:
    """Print additional information to standard error, unless -q is given."""
    if not settings.quiet:
        stderr(text)


def warning(text: str) -> None:
    """Print a warning, also with -q."""
    stderr(f"Warning: {text}.")


def stderr(text: str) -> None:
    """Print to standard error; escape sequences and workflow commands in `text` have no effect."""
    from galleryctl.report.formatting import escape_control, escape_workflow_commands

    click.echo(escape_workflow_commands("\n".join(map(escape_control, text.split("\n")))), err=True)


def _is_terminal(stream: TextIO | None) -> bool:
    """Return True if the stream is a terminal; it is None if it was closed before the start."""
    return stream is not None and stream.isatty()


def require_format(settings: CliSettings, *supported: str) -> None:
    """Raise click.UsageError if the command does not support the requested format."""
    if settings.format not in supported:
        raise click.UsageError(f"--format {settings.format} is not supported here; choose {' or '.join(supported)}.")
