"""The report of an apply: one outcome for each change of the plan, and the figures of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from galleryctl.model.address import Address
from galleryctl.model.position import SourcePosition


class OutcomeStatus(StrEnum):
    """The status of one change after an apply."""

    DONE = "done"
    NOT_TAKEN = "not taken"
    """Sent, but the site still has a former value."""
    FAILED = "failed"
    SKIPPED = "skipped"
    HELD = "held"
    """Left as it is, because the file of the item cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome of one change or held item; `reason` explains any status but done, `note` a value stored differently."""

    address: Address
    action: str
    status: OutcomeStatus
    id: str | None = None
    reason: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of an apply. `requests` counts the calls by `METHOD path-template`; `seconds` is wall time."""

    outcomes: tuple[Outcome, ...]
    site_id: str = ""
    positions: Mapping[Address, SourcePosition] = field(default_factory=dict)
    """Those of the plan: where manifests declare the galleries and the changed items."""
    requests: Mapping[str, int] = field(default_factory=dict)
    uploaded: int = 0
    state_changes: int = 0
    """The number of changes of the state alone."""
    seconds: float = 0.0
    interrupted: bool = False
    needs_review: bool = False
    """True if what is left needs a new plan and a new review: a reviewed plan cannot be continued."""
    has_written: bool = False
    """True if a step was done or may have taken effect, also if no change was completed."""
    warnings: tuple[str, ...] = ()
    """Failures besides the changes, which do not affect them."""
    errors: tuple[str, ...] = ()
    """The errors of the run itself, such as a state that could not be saved."""
    lock_taken_from: str = ""
    """The ended run whose lock this one took over, "" if the lock was free."""

    @property
    def exit_code(self) -> int:
        """0 if all was done, 130 if interrupted, 3 if something was written or held and something left or wrong, else 1."""
        if self.interrupted:
            return 130
        if self.errors:
            return 3 if self.has_written else 1
        statuses = {outcome.status for outcome in self.outcomes}
        if statuses <= {OutcomeStatus.DONE}:
            return 0
        is_partial = statuses <= {OutcomeStatus.DONE, OutcomeStatus.HELD} or not statuses.isdisjoint(
            (OutcomeStatus.DONE, OutcomeStatus.NOT_TAKEN)
        )
        return 3 if is_partial or self.has_written else 1
