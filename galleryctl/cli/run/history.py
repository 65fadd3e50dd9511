"""Print the runs of the history, or one of them."""

from __future__ import annotations

from galleryctl.cli import output
from galleryctl.cli.options import CliSettings
from galleryctl.cli.workspace import get_workspace
from galleryctl.engine.history import read_record, read_summaries
from galleryctl.plan.history.record import RunSummary
from galleryctl.report.history import history_json, history_text, record_json, record_text


def print_history(settings: CliSettings) -> int:
    """Print the runs, newest first; return the exit code: 1 if one of them cannot be read."""
    backend = get_workspace(settings).state()
    read = list(read_summaries(backend))
    runs = [each for each in read if isinstance(each, RunSummary)]
    if settings.format == "json":
        output.result(history_json(runs))
    elif runs:
        output.result(history_text(runs, color=output.use_color(settings), width=output.terminal_width()))
    elif not read:
        output.info(settings, f"No run is recorded beside {backend.location}.")
    for each in read:
        if not isinstance(each, RunSummary):
            each.do = settings.for_this_workspace(each.do)
            output.warning(str(each))
    return 0 if len(runs) == len(read) else 1


def print_run(settings: CliSettings, number: int) -> int:
    """Print what a run changed; return the exit code."""
    record = read_record(get_workspace(settings).state(), number)
    if settings.format == "json":
        output.result(record_json(record))
    else:
        color, width = output.use_color(settings), output.terminal_width()
        output.result(record_text(record, color=color, width=width, verbose=settings.verbose > 0))
    return 0
