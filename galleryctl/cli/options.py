"""The options that every command shares, before or after its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

_F = TypeVar("_F", bound=Callable[..., Any])

_META_KEY = "galleryctl.options"
FORMATS = ("text", "json", "markdown", "html", "github")


@dataclass(frozen=True, slots=True, kw_only=True)
class CliSettings:
    """The shared options as given; `verbose` counts the -v."""

    directory: Path = Path()
    site: str | None = None
    format: str = "text"
    quiet: bool = False
    verbose: int = 0
    no_color: bool = False


def get_settings(context: click.Context | None, *, unused: Sequence[str] = ()) -> CliSettings:
    """The shared options of this call, wherever on the command line they stood.

    Raises click.UsageError when one of the `unused` was given: one of `-C`, `--site` and `--format` that the command
    does nothing with. No option is silently ignored.
    """
    given: dict[str, Any] = context.meta.get(_META_KEY, {}) if context else {}
    for flag in unused:
        if _PARAMETER_NAMES[flag] in given and context is not None:
            raise click.UsageError(f"{flag} has no effect on `{context.info_name}`.", context)
    return CliSettings(**given)


_PARAMETER_NAMES = {"-C": "directory", "--site": "site", "--format": "format"}


def requested_format(arguments: Sequence[str]) -> str:
    """The format that a command line asks for, also one that cannot be parsed; text when it does not say."""
    asked = "text"
    for place, argument in enumerate(arguments):
        if argument == "--":
            break
        value = arguments[place + 1] if argument == "--format" and place + 1 < len(arguments) else ""
        value = argument.removeprefix("--format=") if argument.startswith("--format=") else value
        asked = value if value in FORMATS else asked
    return asked


def _store_option(context: click.Context, parameter: click.Parameter, value: object) -> None:
    """Keep what was given; the command's own place wins over the group's, as the later one on the line."""
    if value in (None, False, 0) or not parameter.name:
        return
    given = context.meta.setdefault(_META_KEY, {})
    given[parameter.name] = value
    if given.get("quiet") and given.get("verbose"):
        raise click.UsageError("-q and -v contradict each other; give one of them.", context)


def common_options(function: _F) -> _F:
    """Add the shared options to a command."""
    for option in reversed(
        (
            click.option(
                "-C",
                "directory",
                type=click.Path(file_okay=False, path_type=Path),
                metavar="DIR",
                expose_value=False,
                callback=_store_option,
                help="Work in DIR, the folder of galleryctl.yaml.",
            ),
            click.option(
                "--site",
                metavar="NAME",
                expose_value=False,
                callback=_store_option,
                help="The site of the workspace, when it has several.",
            ),
            click.option(
                "--format",
                "format",
                type=click.Choice(FORMATS),
                expose_value=False,
                callback=_store_option,
                help="How to print the result.  [default: text]",
            ),
            click.option(
                "-q",
                "--quiet",
                is_flag=True,
                expose_value=False,
                callback=_store_option,
                help="Print results and errors only.",
            ),
            click.option(
                "-v",
                "--verbose",
                count=True,
                expose_value=False,
                callback=_store_option,
                help="Print more; -vv also prints every request.",
            ),
            click.option(
                "--no-color",
                is_flag=True,
                expose_value=False,
                callback=_store_option,
                help="Print no colours.",
            ),
        )
    ):
        function = option(function)
    return function


def target_option(function: _F) -> _F:
    """Add `--target`, for the commands that plan."""
    return click.option(
        "--target",
        "targets",
        multiple=True,
        metavar="ADDRESS",
        help="Only this gallery or item (GALLERY or GALLERY/ITEM); may be given several times.",
    )(function)


def guard_options(function: _F) -> _F:
    """Add the options that allow what the guards refuse."""
    for option in reversed(
        (
            click.option(
                "--max-delete-percent",
                type=click.FloatRange(0, 100),
                metavar="N",
                help="Allow up to N percent of the managed resources to be deleted.",
            ),
            click.option(
                "--allow-empty",
                is_flag=True,
                help="Allow a manifest that has no items any more to delete them.",
            ),
            click.option(
                "--allow-recreate",
                is_flag=True,
                help="Allow a bound gallery that is gone from the site to be created again.",
            ),
        )
    ):
        function = option(function)
    return function


def lock_timeout_option(function: _F) -> _F:
    """Add `--lock-timeout`, for the commands that write state."""
    return click.option(
        "--lock-timeout",
        type=click.FloatRange(0),
        default=0.0,
        metavar="SECONDS",
        help="Wait for the lock.",
    )(function)


def listener_options(ready_file_content: str) -> Callable[[_F], _F]:
    """Add the options of a command that listens, whose ready file tells what `telling` says."""

    def add(function: _F) -> _F:
        for option in reversed(
            (
                click.option(
                    "--port",
                    type=click.IntRange(0, 65535),
                    default=0,
                    metavar="N",
                    help="The port; 0, the default, takes a free one.",
                ),
                click.option(
                    "--host",
                    default="127.0.0.1",
                    show_default=True,
                    help="The address to listen on; this machine only.",
                ),
                click.option(
                    "--ready-file",
                    type=click.Path(path_type=Path),
                    metavar="FILE",
                    help=f"Written once it listens, with {ready_file_content}; removed at the end.",
                ),
            )
        ):
            function = option(function)
        return function

    return add
