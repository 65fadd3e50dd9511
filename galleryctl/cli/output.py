"""Where results, remarks and failures are printed: results to standard output, all else to standard error."""

from __future__ import annotations

import codecs
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import click

from galleryctl.cli.options import CliSettings
from galleryctl.model.checkup import Diagnosis, Validation, WriteResult
from galleryctl.model.errors import GalleryctlError

_ERROR_HANDLER = "galleryctl-escapes"
"""How a character is written that the terminal's encoding lacks, or that is none: as in JSON, so that JSON stays JSON."""


def configure_streams() -> None:
    """Make standard output and standard error take every text, whatever the encoding of the terminal."""
    codecs.register_error(_ERROR_HANDLER, _escape_unencodable)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # none when closed, or replaced by a caller
        if reconfigure is not None:
            reconfigure(errors=_ERROR_HANDLER)


def use_color(settings: CliSettings, *, err: bool = False) -> bool:
    """Whether to print in colour, to standard error with `err`: on a terminal, unless told otherwise."""
    quiet = settings.no_color or bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    return not quiet and _is_terminal(sys.stderr if err else sys.stdout)


def terminal_width() -> int:
    """The columns to fill: the terminal's, or 100 where there is none."""
    return shutil.get_terminal_size((100, 24)).columns if _is_terminal(sys.stdout) else 100


def result(text: str) -> None:
    """Print what the command is for. Raises GalleryctlError when it cannot be written."""
    with _stdout_errors():
        click.echo(text, nl=not text.endswith("\n"), color=True)


def print_checkup(checkup: Validation | WriteResult | Diagnosis, settings: CliSettings) -> None:
    """Print what checking found; as text with -q nothing that only says that all went well."""
    if settings.quiet and settings.format == "text" and not isinstance(checkup, Diagnosis):
        return
    from galleryctl.report.render import render

    result(render(checkup, settings.format, color=use_color(settings), width=terminal_width()))


def raw(text: str) -> None:
    """Print a file's text as the file would hold it, in UTF-8 and to the byte. Raises as `result`."""
    buffer = getattr(sys.stdout, "buffer", None)  # none when closed, or replaced by a caller
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
        raise  # whoever read it has seen enough
    except OSError as error:
        why = error.strerror or str(error)
        raise GalleryctlError("the result cannot be written", where="standard output", why=why) from error


def info(settings: CliSettings, text: str) -> None:
    """Print something by the way; nothing with -q, and never into a result that a program reads."""
    if not settings.quiet:
        stderr(text)


def warning(text: str) -> None:
    """Print what nobody should miss, also with -q."""
    stderr(f"Warning: {text}.")


def stderr(text: str) -> None:
    """Print to standard error, with nothing in it that a terminal or a workflow would obey."""
    from galleryctl.report.formatting import escape_control, escape_workflow_commands

    click.echo(escape_workflow_commands("\n".join(map(escape_control, text.split("\n")))), err=True)


def flush_streams(code: int) -> int:
    """The exit code, 1 instead of 0 when what was printed did not arrive; then nothing fails again at the end."""
    for stream in filter(None, (sys.stdout, sys.stderr)):
        try:
            stream.flush()
        except OSError:
            code = code or 1
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
    return code


def _is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody looks; None stands for a stream that was closed before we began."""
    return stream is not None and stream.isatty()


def _escape_unencodable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    pairs = (units[place : place + 2].hex() for place in range(0, len(units), 2))
    return "".join(f"\\u{pair}" for pair in pairs), error.end


def require_format(settings: CliSettings, *supported: str) -> None:
    """Raise click.UsageError unless the result can be printed in the format that was asked for."""
    if settings.format not in supported:
        raise click.UsageError(f"--format {settings.format} is not available here; choose {' or '.join(supported)}.")
