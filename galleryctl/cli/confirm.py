"""Confirmation prompts."""

from __future__ import annotations

import sys

import click

from galleryctl.model.errors import GalleryctlError


def require_tty(do: str) -> None:
    """Raise GalleryctlError if standard input is not a terminal; `do` says which option to give instead."""
    if not sys.stdin.isatty():
        raise GalleryctlError("cannot ask for confirmation: standard input is not a terminal", do=do)


def confirm(question: str) -> bool:
    """Return True if the answer is exactly `yes`. Raises click.Abort at the end of input."""
    try:
        answer = click.prompt(f"{question} Only 'yes' is accepted", default="", show_default=False, err=True)
    except click.Abort:
        click.echo(err=True)  # end the line of the question
        raise
    return bool(answer == "yes")
