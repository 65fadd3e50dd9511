"""What a terminal shows while an apply runs; nothing anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

from galleryctl.cli import output
from galleryctl.cli.options import CliSettings
from galleryctl.engine.progress import Progress, SilentProgress, StepOutcome
from galleryctl.model.outcome import OutcomeStatus
from galleryctl.plan.steps import Step


class LineProgress:
    """A line for each step that ended, for -v in a log."""

    def on_plan(self, steps: Sequence[Step]) -> None:
        """How many there will be."""
        click.echo(f"{len(steps)} {'step' if len(steps) == 1 else 'steps'}", err=True)

    def on_step_start(self, step: Step) -> None:
        """Nothing."""

    def on_step_end(self, step: Step, outcome: StepOutcome) -> None:
        """The step and how it ended."""
        output.stderr(f"{outcome.status}: {step.id}")


@contextmanager
def open_progress(settings: CliSettings) -> Iterator[Progress]:
    """A bar on a terminal, lines with -v, else nothing."""
    if settings.verbose:
        yield LineProgress()
    elif settings.quiet or not sys.stderr.isatty():
        yield SilentProgress()
    else:
        with _bar_progress(settings) as bar:
            yield bar


@contextmanager
def _bar_progress(settings: CliSettings) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    from galleryctl.report.formatting import escape_control

    console = Console(stderr=True, no_color=not output.use_color(settings, err=True))
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)

        class BarProgress:
            """Moves the bar."""

            def on_plan(self, steps: Sequence[Step]) -> None:
                bar.update(task, total=len(steps))

            def on_step_start(self, step: Step) -> None:
                bar.update(task, description=escape_control(step.id))

            def on_step_end(self, step: Step, outcome: StepOutcome) -> None:
                bar.update(task, advance=1)
                if outcome.status is OutcomeStatus.FAILED:
                    bar.console.print(f"failed: {escape_control(step.id)}", markup=False, highlight=False)

        yield BarProgress()
