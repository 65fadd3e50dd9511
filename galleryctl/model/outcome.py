"""What an apply did: one outcome for each resource of the plan, and the figures of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from galleryctl.model.address import Address


class OutcomeStatus(StrEnum):
    """How it went with one change."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one change; `reason` says why it failed or was skipped, "" when done."""

    address: Address
    action: str
    status: OutcomeStatus
    id: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of an apply. `requests` counts the calls made, by `METHOD path-template`; `seconds` is wall time."""

    outcomes: tuple[Outcome, ...]
    requests: Mapping[str, int] = field(default_factory=dict)
    uploaded: int = 0
    seconds: float = 0.0
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """0 all done, 130 interrupted, 3 applied in part, 1 nothing done and something failed (design, rule 8)."""
        if self.interrupted:
            return 130
        if all(o.status is OutcomeStatus.DONE for o in self.outcomes):
            return 0
        return 3 if any(o.status is OutcomeStatus.DONE for o in self.outcomes) else 1
