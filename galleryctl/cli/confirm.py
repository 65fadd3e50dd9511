"""Questions to a person before something is done that cannot be taken back lightly."""

from __future__ import annotations

import sys

import click

from galleryctl.model.errors import GalleryctlError


def require_tty(do: str) -> None:
    """Raise GalleryctlError when nobody can be asked; `do` says what to give instead."""
    if not sys.stdin.isatty():
        raise GalleryctlError("there is no terminal to ask on", do=do)


def confirm(question: str) -> bool:
    """Whether the answer is `yes`; nothing else is taken as one. Raises click.Abort at the end of input."""
    try:
        answer = click.prompt(f"{question} Only 'yes' is accepted", default="", show_default=False, err=True)
    except click.Abort:
        click.echo(err=True)  # the question's line has no end yet
        raise
    return bool(answer == "yes")
