"""What is told while the steps of an apply run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from galleryctl.model.outcome import OutcomeStatus
from galleryctl.plan.steps import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOutcome:
    """How one step ended; `reason` is "" when it is done."""

    status: OutcomeStatus
    reason: str = ""


class Progress(Protocol):
    """Somebody who watches."""

    def on_plan(self, steps: Sequence[Step]) -> None:
        """These steps will run."""

    def on_step_start(self, step: Step) -> None:
        """`step` runs now."""

    def on_step_end(self, step: Step, outcome: StepOutcome) -> None:
        """`step` is over."""


class SilentProgress:
    """An observer that does nothing."""

    def on_plan(self, steps: Sequence[Step]) -> None:
        """Do nothing."""

    def on_step_start(self, step: Step) -> None:
        """Do nothing."""

    def on_step_end(self, step: Step, outcome: StepOutcome) -> None:
        """Do nothing."""
