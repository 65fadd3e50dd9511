"""The `galleryctl` command: import subcommands when they are called, and turn every failure into an exit code."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

try:
    import click

    from galleryctl.cli.options import CliSettings, common_options, get_settings, requested_format
    from galleryctl.version import __version__
except KeyboardInterrupt:  # a signal before the command begins
    sys.stderr.write("Interrupted; no further action was taken.\n")
    sys.exit(130)

COMMANDS = (
    "init",
    "validate",
    "lint",
    "fmt",
    "schema",
    "plan",
    "apply",
    "destroy",
    "drift",
    "import",
    "expand",
    "show",
    "history",
    "undo",
    "state",
    "media",
    "emulator",
    "events",
    "ci",
    "velo",
    "probe",
    "doctor",
)
"""Subcommands in the order of `--help`. Each is `command` in the module `galleryctl.cli.commands.<name>`."""
_MODULES = {"import": "import_"}
"""Modules whose command is named like a Python keyword."""
_COMPLETE_VARIABLE = "_GALLERYCTL_COMPLETE"
"""Environment variable with which a shell requests completions: `bash_source`, `bash_complete`, ..."""
_HELP: Any = getattr(click.exceptions, "NoArgsIsHelpError", ())
"""Raised when a group is called without a subcommand."""


class LazyGroup(click.Group):
    """Group that imports each subcommand only when it is called or listed, to start fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of all subcommands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return the subcommand, or None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"galleryctl.cli.commands.{_MODULES.get(cmd_name, cmd_name)}").command
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the subcommand of the first argument. Raises click.UsageError with the nearest name if it is unknown."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            ctx.fail(f"No such command '{args[0]}'.{hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="galleryctl", message="%(prog)s %(version)s")
@common_options
def galleryctl() -> None:
    """Manage Wix Pro Galleries with YAML manifests."""


def run(args: Sequence[str]) -> int:
    """Run `galleryctl ARGS` and return its exit code; failures are printed, never raised."""
    try:
        return _invoke(list(args) or ["--help"])
    except click.ClickException as error:
        if isinstance(error, _HELP):
            click.echo(error.format_message())
            return 0
        from galleryctl.cli.failure import print_usage_error

        settings = get_settings(_top_context(error))
        return print_usage_error(error, replace(settings, format=requested_format(args)))
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted; no further action was taken.", err=True)
        return 130
    except BrokenPipeError:
        return 1  # the reader has exited, as `head` does, and nothing was written: no message


def _top_context(error: click.ClickException) -> click.Context | None:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return None if context is None else context.find_root()


def _invoke(args: list[str]) -> int:
    """Run the command and return its exit code; print a failure unless click has its own message for it."""
    context: click.Context | None = None
    try:
        with galleryctl.make_context("galleryctl", args) as context:
            code = galleryctl.invoke(context)
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as end:
        return end.exit_code
    except (click.ClickException, BrokenPipeError):
        raise
    except (click.Abort, KeyboardInterrupt):
        _report_interruption(get_settings(context))
        raise
    except Exception as error:  # noqa: BLE001 - last resort: no failure may end in a traceback
        from galleryctl.cli.failure import print_failure

        return print_failure(error, get_settings(context))


def _report_interruption(settings: CliSettings) -> None:
    """Write the files of `--report`, if any, when a signal has ended the command."""
    if settings.reports:
        from galleryctl.cli.reports import write_reports
        from galleryctl.model.errors import Interrupted
        from galleryctl.report.results import SiteResult

        write_reports(settings, SiteResult(subject=Interrupted("interrupted; no further action was taken")))


def main() -> None:
    """Run the console script."""
    if asked := os.environ.get(_COMPLETE_VARIABLE):
        from click.shell_completion import shell_complete

        sys.exit(shell_complete(galleryctl, {}, "galleryctl", _COMPLETE_VARIABLE, asked))
    # Plans are large trees of values without cycles, which the collector would walk again and again: 15 % of the time of
    # a plan of 10,000 items.
    gc.set_threshold(200_000, 50, 1_000)
    from galleryctl.cli.interrupts import ignore_signals, interrupt_on_signal
    from galleryctl.cli.streams import configure_streams, flush_stdout

    configure_streams()
    interrupt_on_signal()
    try:
        code = flush_stdout(run(sys.argv[1:]))
        ignore_signals()
    except KeyboardInterrupt:  # after the command, or while its end was printed
        code = 130
    sys.exit(code)
