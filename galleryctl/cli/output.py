"""Where results, remarks and failures are printed: results to standard output, all else to standard error."""

from __future__ import annotations

import shutil
import sys

import click

from galleryctl.cli.options import Settings


def wants_color(settings: Settings) -> bool:
    """Whether to print in colour: on a terminal, unless told otherwise."""
    return sys.stdout.isatty() and not settings.no_color


def width() -> int:
    """The columns to fill: the terminal's, or 100 where there is none."""
    return shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 100


def result(text: str) -> None:
    """Print what the command is for."""
    click.echo(text, nl=not text.endswith("\n"), color=True)


def remark(settings: Settings, text: str) -> None:
    """Print something by the way; nothing with -q, and never into a result that a program reads."""
    if not settings.quiet:
        click.echo(text, err=True)
