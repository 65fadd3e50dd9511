"""Progress of an apply: a bar on a terminal, a line per step with -v."""

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
    """Progress as a line for each finished step."""

    def on_plan(self, steps: Sequence[Step]) -> None:
        """Print the number of steps."""
        click.echo(f"{len(steps)} {'step' if len(steps) == 1 else 'steps'}", err=True)

    def on_step_start(self, step: Step) -> None:
        """Do nothing."""

    def on_step_end(self, step: Step, outcome: StepOutcome) -> None:
        """Print the step and its outcome."""
        output.stderr(f"{outcome.status}: {step.id}")


@contextmanager
def open_progress(settings: CliSettings) -> Iterator[Progress]:
    """Return lines with -v, else a bar on a terminal, else no output."""
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
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)

        class BarProgress:
            """Progress as a bar."""

            def on_plan(self, steps: Sequence[Step]) -> None:
                bar.update(task, total=len(steps))

            def on_step_start(self, step: Step) -> None:
                bar.update(task, description=escape_control(step.id))

            def on_step_end(self, step: Step, outcome: StepOutcome) -> None:
                bar.update(task, advance=1)
                if outcome.status is OutcomeStatus.FAILED:
                    bar.console.print(f"failed: {escape_control(step.id)}", markup=False, highlight=False)

        yield BarProgress()
