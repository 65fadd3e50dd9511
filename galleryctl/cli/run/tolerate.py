"""The work of `drift --tolerate-until`: parse the options, write the entries, report."""

from __future__ import annotations

from collections.abc import Sequence

import click

from galleryctl.cli import output
from galleryctl.cli.options import CliSettings
from galleryctl.cli.run.plan import parse_pattern
from galleryctl.cli.workspace import get_workspace
from galleryctl.manifest.tolerated import parse_day
from galleryctl.model.tolerated import TOLERATED_FILE, Toleration
from galleryctl.plan.changes import Notice
from galleryctl.plan.tolerated_notices import tolerated_value
from galleryctl.report.formatting import escape_control, pluralize
from galleryctl.session.tolerate import remove_obsolete, tolerate_drift


async def run_tolerate(settings: CliSettings, targets: Sequence[str], *, until: str, reason: str) -> int:
    """Record the drift and print the entries; return the exit code, 2 if drift is left that cannot be tolerated."""
    output.require_format(settings, "text")
    if not reason.strip():
        raise click.UsageError("--tolerate-until needs --reason: it is shown in each plan.")
    try:
        last_day = parse_day(until)
    except ValueError as error:
        raise click.UsageError(f"--tolerate-until: {error}") from error
    recorded = await tolerate_drift(
        get_workspace(settings), tuple(map(parse_pattern, targets)), until=last_day, reason=reason.strip()
    )
    code = 0
    if recorded.entries:
        code = output.outcome("\n".join(map(_line, recorded.entries)))
        differences = pluralize(len(recorded.entries), "difference")
        output.info(settings, f"Tolerated until {last_day}: {differences}, in {TOLERATED_FILE}. Commit this file.")
    elif not recorded.others:
        output.info(settings, "No drift to tolerate.")
    _print_others(settings, recorded.others)
    return code or (2 if recorded.others else 0)


def _line(entry: Toleration) -> str:
    return f"{entry.address}: {escape_control(tolerated_value(entry.field, entry.value))}"


def _print_others(settings: CliSettings, others: Sequence[Notice]) -> None:
    for other in others:
        output.info(settings, f"{other.address}: {escape_control(other.message)}")


async def run_remove_obsolete(settings: CliSettings, targets: Sequence[str]) -> int:
    """Remove the entries that have no effect, and print them; return the exit code."""
    output.require_format(settings, "text")
    removed = await remove_obsolete(get_workspace(settings), tuple(map(parse_pattern, targets)))
    code = 0
    if removed:
        lines = (f"{entry.address}: {escape_control(entry.field)}: {escape_control(entry.why)}" for entry in removed)
        code = output.outcome("\n".join(lines))
        entries = pluralize(len(removed), "entry", "entries")
        output.info(settings, f"Removed {entries} from {TOLERATED_FILE}. Commit this file.")
    else:
        output.info(settings, "No obsolete entries.")
    return code
