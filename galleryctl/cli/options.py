"""Options shared by the commands; the common ones are accepted before and after the command's name."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

_F = TypeVar("_F", bound=Callable[..., Any])

_META_KEY = "galleryctl.options"
_WITHOUT_SITE = ("init", "fmt")
"""Commands that reject `--site`."""
FORMATS = ("text", "json", "markdown", "html", "github")
REPORT_FORMATS = (*FORMATS, "sarif", "junit", "terraform", "codequality", "openmetrics")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFile:
    """A file of `--report`, relative to the workspace."""

    format: str
    file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class CliSettings:
    """The common options as given; `verbose` is the number of -v."""

    directory: Path = Path()
    site: str | None = None
    format: str = "text"
    quiet: bool = False
    verbose: int = 0
    no_color: bool = False
    reports: tuple[ReportFile, ...] = ()
    command: str = ""
    """The name of the command, such as `plan`."""
    notifies: bool = True
    """False for a further error of a run about which a message was posted."""

    def for_this_workspace(self, text: str) -> str:
        """Return `text` with `-C` and `--site` in its commands, as they were given in this run."""
        from galleryctl.model.command import with_options

        folder = () if self.directory == Path() else ("-C", str(self.directory))
        site = () if self.site is None else ("--site", self.site)
        return with_options(text, lambda name: folder if name in _WITHOUT_SITE else (*folder, *site))


class NumberRange(click.FloatRange):
    """A range of finite numbers: click accepts `nan`, which is neither inside nor outside of a range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number. Raises click.BadParameter if it is not finite or not in the range."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


def get_settings(context: click.Context | None, *, unused: Sequence[str] = ()) -> CliSettings:
    """Return the common options of this call.

    `unused` are those of `-C`, `--site` and `--format` that have no effect on the command. Raises click.UsageError if
    one of them was given, as no option is silently ignored.
    """
    given: dict[str, Any] = context.meta.get(_META_KEY, {}) if context else {}
    for flag in unused:
        if _PARAMETER_NAMES[flag] in given and context is not None:
            raise click.UsageError(f"{flag} has no effect on `{context.info_name}`.", context)
    command = "" if context is None else context.invoked_subcommand or context.info_name or ""
    return CliSettings(**given, command=command)


_PARAMETER_NAMES = {"-C": "directory", "--site": "site", "--format": "format"}


def requested_format(arguments: Sequence[str]) -> str:
    """Return the format that a command line requests, even if it is otherwise invalid; text by default."""
    requested = "text"
    for index, argument in enumerate(arguments):
        if argument == "--":
            break
        value = arguments[index + 1] if argument == "--format" and index + 1 < len(arguments) else ""
        value = argument.removeprefix("--format=") if argument.startswith("--format=") else value
        requested = value if value in FORMATS else requested
    return requested


def _store_option(context: click.Context, parameter: click.Parameter, value: object) -> None:
    """Store the value of a common option; the later one on the command line overrides the earlier one."""
    if value in (None, False, 0) or not parameter.name:
        return
    given = context.meta.setdefault(_META_KEY, {})
    given[parameter.name] = value
    if given.get("quiet") and given.get("verbose"):
        raise click.UsageError("-q and -v cannot be combined.", context)


def _add_options(function: _F, *options: Callable[[_F], _F]) -> _F:
    """Apply the decorators so that `--help` lists the options in the given order."""
    for option in reversed(options):
        function = option(function)
    return function


_common_option = partial(click.option, expose_value=False, callback=_store_option)


def common_options(function: _F) -> _F:
    """Add the options that all commands have."""
    folder = click.Path(file_okay=False, path_type=Path)
    return _add_options(
        function,
        _common_option("-C", "directory", type=folder, metavar="DIR", help="Run as if started in DIR."),
        _common_option("--site", metavar="NAME", help="Site to use, if the workspace has several."),
        _common_option("--format", type=click.Choice(FORMATS), help="Output format.  [default: text]"),
        _common_option("-q", "--quiet", is_flag=True, help="Print only results and errors."),
        _common_option("-v", "--verbose", count=True, help="Print more; -vv also prints each request."),
        _common_option("--no-color", is_flag=True, help="Disable colors."),
    )


target_option = click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="ADDRESS",
    help="Limit to this gallery or item (GALLERY or GALLERY/ITEM); *, ? and [...] match. May be repeated.",
)
"""Adds `--target`, for the commands that plan."""


adopt_guesses_option = click.option(
    "--adopt-guesses", is_flag=True, help="Allow adopting items that are matched by weak evidence only."
)
"""Adds `--adopt-guesses`, for the commands that match resources with manifests."""


def guard_options(function: _F) -> _F:
    """Add the options that override safety checks."""
    return _add_options(
        function,
        click.option(
            "--max-delete-percent",
            type=NumberRange(0, 100),
            metavar="N",
            help="Allow deleting up to N percent of the managed resources.",
        ),
        click.option(
            "--allow-empty", is_flag=True, help="Allow a manifest that no longer has items to delete them all."
        ),
        click.option(
            "--allow-recreate", is_flag=True, help="Allow recreating a bound gallery that is missing on the site."
        ),
        adopt_guesses_option,
    )


auto_approve_option = click.option("--auto-approve", is_flag=True, help="Skip interactive approval.")
"""Adds `--auto-approve`, for the commands that ask for confirmation."""

lock_timeout_option = click.option(
    "--lock-timeout",
    type=NumberRange(0),
    metavar="SECONDS",
    help="How long to wait for the state lock.  [default: 120 if the state is in a bucket, else 0]",
)
"""Adds `--lock-timeout`, for the commands that write state."""


class OutputFile(click.Path):
    """A file that a command writes: `-`, which stands for a stream elsewhere, is not the name of one."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path. Raises click.BadParameter."""
        if str(value) in ("", "-"):
            self.fail(f"{str(value)!r} is not the name of a file (a file named - is ./-).", param, ctx)
        return Path(os.fsdecode(super().convert(value, param, ctx)))


class RunNumber(click.IntRange):
    """The number of a run in the history."""

    def __init__(self) -> None:
        super().__init__(min=1)

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number. Raises click.BadParameter."""
        if not (str(value).isascii() and str(value).isdecimal()) or int(value) < 1:
            self.fail(f"{value!r} is not a run: use a number that `galleryctl history` lists.", param, ctx)
        return int(value)


class _Duration(click.ParamType[float]):
    """Seconds, written as a number with a unit, or several: 90s, 10m, 1h30m."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds. Raises click.BadParameter."""
        found = _DURATION.fullmatch(value)
        seconds = sum(int(count) * unit for count, unit in zip(found.groups("0"), _UNITS, strict=True)) if found else 0
        if not 0 < seconds <= _MAX_DURATION:
            self.fail(f"{value!r} is not a duration such as 90s, 10m or 1h30m.", param, ctx)
        return float(seconds)


_DURATION = re.compile(r"(?:([0-9]{1,7})h)?(?:([0-9]{1,7})m)?(?:([0-9]{1,7})s)?")
_UNITS = (3600, 60, 1)
_MAX_DURATION = 7 * 24 * 3600
"""A week, in seconds."""

deadline_option = click.option(
    "--deadline", type=_Duration(), metavar="DURATION", help="Stop after that time, such as 90s, 10m or 1h30m."
)
"""Adds `--deadline`, for the commands that read a site."""


class _ReportFileType(click.ParamType[ReportFile]):
    """A format and a file: FORMAT=FILE."""

    name = "report"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> ReportFile:
        """Return the report. Raises click.BadParameter."""
        if isinstance(value, ReportFile):
            return value
        name, _, file = value.partition("=")
        if name not in REPORT_FORMATS or not file:
            self.fail(f"{value!r} is not FORMAT=FILE with one of {', '.join(REPORT_FORMATS)}.", param, ctx)
        return ReportFile(format=name, file=Path(file))


def _store_reports(context: click.Context, _parameter: click.Parameter, value: tuple[ReportFile, ...]) -> None:
    files = [report.file for report in value]
    if len(set(files)) < len(files):
        raise click.UsageError("Two reports cannot be written to the same file.", context)
    if value:
        context.meta.setdefault(_META_KEY, {})["reports"] = value


report_option = click.option(
    "--report",
    "reports",
    type=_ReportFileType(),
    multiple=True,
    expose_value=False,
    callback=_store_reports,
    metavar="FORMAT=FILE",
    help="Also write the result to FILE: text, json, markdown, html, github, sarif, junit, terraform, codequality, openmetrics. May be repeated.",
)
"""Adds `--report`, for the commands that plan, apply or check; they call `check_reports` before they begin."""


def listener_options(ready_file_content: str) -> Callable[[_F], _F]:
    """Return a decorator that adds the options of a command that listens."""

    def add(function: _F) -> _F:
        return _add_options(
            function,
            click.option(
                "--port",
                type=click.IntRange(0, 65535),
                default=0,
                metavar="N",
                help="Port to listen on; 0, the default, selects a free port.",
            ),
            click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on."),
            click.option(
                "--ready-file",
                type=click.Path(path_type=Path),
                metavar="FILE",
                help=f"Write {ready_file_content} to FILE when ready; remove it at exit.",
            ),
        )

    return add
