"""Commands to copy, in messages: data, so that the command line can print them with the options of its own run."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Sequence
from typing import Self


class Advice(str):  # noqa: SLOT000 - a subclass of str cannot have slots with values
    """Text with commands of galleryctl in it; as a string, without the options that select the workspace.

    "force-unlock: " + command_line("state", "unlock", "4f2a")    force-unlock: galleryctl state unlock 4f2a
    with_options(…, lambda _: ("-C", "my site"))                  force-unlock: galleryctl -C 'my site' state unlock 4f2a
    """

    parts: tuple[str | tuple[str, ...], ...]
    """Text, and the arguments of each command."""

    def __new__(cls, *parts: str | tuple[str, ...]) -> Self:
        """Return the text that consists of these parts."""
        flat = tuple(each for part in parts for each in (part.parts if isinstance(part, Advice) else (part,)))
        advice = super().__new__(cls, _join(flat, lambda _: ()))
        advice.parts = flat
        return advice

    def __add__(self, text: str) -> Advice:
        return Advice(self, text)

    def __radd__(self, text: str) -> Advice:
        return Advice(text, self)


def command_line(*arguments: str) -> Advice:
    """Return the command with these arguments, quoted for a shell, to be added to a text."""
    return Advice(arguments)


def join_advice(separator: str, texts: Iterable[str]) -> Advice:
    """Return the texts in one, with `separator` between them."""
    return Advice(*(part for number, text in enumerate(texts) for part in ((separator, text) if number else (text,))))


def with_options(text: str, options: Callable[[str], Sequence[str]]) -> str:
    """Return `text` with the options in each of its commands; `options` returns those of a subcommand by its name."""
    return _join(text.parts, options) if isinstance(text, Advice) else text


def _join(parts: Sequence[str | tuple[str, ...]], options: Callable[[str], Sequence[str]]) -> str:
    return "".join(
        part if isinstance(part, str) else shlex.join(("galleryctl", *options(part[0]), *part)) for part in parts
    )
