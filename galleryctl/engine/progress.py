"""What is told while the steps of an apply run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from galleryctl.model.outcome import OutcomeStatus
from galleryctl.plan.order import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEnd:
    """How one step ended; `reason` is "" when it is done."""

    status: OutcomeStatus
    reason: str = ""


class Progress(Protocol):
    """Somebody who watches."""

    def planned(self, steps: Sequence[Step]) -> None:
        """These steps will run."""

    def begun(self, step: Step) -> None:
        """`step` runs now."""

    def ended(self, step: Step, end: StepEnd) -> None:
        """`step` is over."""


class Silent:
    """An observer that does nothing."""

    def planned(self, steps: Sequence[Step]) -> None:
        """Do nothing."""

    def begun(self, step: Step) -> None:
        """Do nothing."""

    def ended(self, step: Step, end: StepEnd) -> None:
        """Do nothing."""
