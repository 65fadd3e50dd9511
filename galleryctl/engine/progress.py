"""The observer of a running apply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from galleryctl.model.outcome import OutcomeStatus
from galleryctl.plan.steps import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOutcome:
    """The outcome of one step; `reason` is "" if it is done."""

    status: OutcomeStatus
    reason: str = ""
    is_file_fault: bool = False
    """True if the step failed because of its file alone, which may never be uploaded."""


class Progress(Protocol):
    """Observer of an apply."""

    def on_plan(self, steps: Sequence[Step]) -> None:
        """Handle the plan: these steps will run."""

    def on_step_start(self, step: Step) -> None:
        """Handle the start of `step`."""

    def on_step_end(self, step: Step, outcome: StepOutcome) -> None:
        """Handle the end of `step`."""


class SilentProgress:
    """An observer that does nothing."""

    def on_plan(self, steps: Sequence[Step]) -> None:
        """Do nothing."""

    def on_step_start(self, step: Step) -> None:
        """Do nothing."""

    def on_step_end(self, step: Step, outcome: StepOutcome) -> None:
        """Do nothing."""
