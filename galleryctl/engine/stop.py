"""The request to end an apply early."""

from __future__ import annotations

import asyncio


class Stop(asyncio.Event):
    """Once it is set, no further step starts; those in progress are finished."""

    deadline_passed = False
    """True if the run's deadline set it, not an interrupt."""

    grace: float | None = None
    """The seconds in which the steps in progress must end; None without a limit."""

    def set_by_deadline(self, grace: float) -> None:
        """Set it because the deadline of the run has passed; the steps in progress have `grace` seconds."""
        self.deadline_passed, self.grace = True, grace
        self.set()

    @property
    def reason(self) -> str:
        """The reason for which a step did not start."""
        return "the deadline passed before it started" if self.deadline_passed else "interrupted before it started"
